using System.Text;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Unicode normalization form C of UTF-8 text (UAX #15). Only the stretches that may change are taken apart; the rest
/// is copied. Time is linear in the text, also for a million combining marks in a row. Holds its buffers: one owner.
/// </summary>
internal sealed class Nfc
{
    // No character below U+0300 (bytes CC 80) changes by itself or joins the character before it.
    private const byte FirstByteOfMarks = 0xCC;

    private readonly NfcTable _table = NfcTable.Shared;
    private readonly List<int> _points = [];
    private byte[] _output = new byte[256];
    private int _outputLength;

    /// <summary>Bytes that this object keeps between calls.</summary>
    internal long BytesHeld => _output.Length + (4L * _points.Capacity);

    /// <summary>
    /// The text in NFC: the same span where nothing changes, else a buffer that the next call overwrites.
    /// </summary>
    internal ReadOnlySpan<byte> Normalize(ReadOnlySpan<byte> text)
    {
        if (text.IndexOfAnyInRange(FirstByteOfMarks, (byte)0xFF) < 0)
            return text;

        _outputLength = 0;
        int copied = 0;   // what lies before is in the output
        int cut = 0;      // the last place before `index` where the text can be cut
        int index = 0;
        while (index < text.Length)
        {
            int point = Utf8Rune.Read(text, index, out int length);
            if (_table.IsInert(point))
            {
                cut = index;
                index += length;
                continue;
            }

            int end = index + length;
            while (end < text.Length && !_table.IsInert(Utf8Rune.Read(text, end, out length)))
                end += length;
            Append(text[copied..cut]);
            NormalizeStretch(text[cut..end]);
            copied = cut = index = end;
        }

        if (copied == 0)
            return text;
        Append(text[copied..]);
        return _output.AsSpan(0, _outputLength);
    }

    private void NormalizeStretch(ReadOnlySpan<byte> text)
    {
        _points.Clear();
        for (int i = 0; i < text.Length;)
        {
            int point = Utf8Rune.Read(text, i, out int length);
            _table.Decompose(point, _points);
            i += length;
        }

        OrderMarks();
        ComposePoints();
        Span<byte> bytes = stackalloc byte[4];
        foreach (int point in _points)
            Append(bytes[..new Rune(point).EncodeToUtf8(bytes)]);
    }

    /// <summary>Sorts every run of marks by class and keeps the order within a class.</summary>
    private void OrderMarks()
    {
        int start = 0;
        while (start < _points.Count)
        {
            if (_table.CombiningClass(_points[start]) == 0)
            {
                start++;
                continue;
            }

            int end = start + 1;
            while (end < _points.Count && _table.CombiningClass(_points[end]) != 0)
                end++;
            if (end - start > 1)
                SortByClass(start, end);
            start = end;
        }
    }

    // A counting sort: stable and linear, whatever the run's length.
    private void SortByClass(int start, int end)
    {
        Span<int> next = stackalloc int[257];
        next.Clear();
        for (int i = start; i < end; i++)
            next[_table.CombiningClass(_points[i]) + 1]++;
        for (int combiningClass = 1; combiningClass < next.Length; combiningClass++)
            next[combiningClass] += next[combiningClass - 1];

        int[] unsorted = _points.GetRange(start, end - start).ToArray();
        foreach (int point in unsorted)
            _points[start + next[_table.CombiningClass(point)]++] = point;
    }

    /// <summary>
    /// Joins each character with the last starter (class 0) where the two compose and nothing between them blocks: no
    /// character in between has class 0, or a class at least as high.
    /// </summary>
    private void ComposePoints()
    {
        int kept = 0;
        int starter = -1;         // where the last starter stands among the kept
        int lastClass = 0;        // the class of the last kept character after the starter; 0 where there is none
        for (int i = 0; i < _points.Count; i++)
        {
            int point = _points[i];
            int combiningClass = _table.CombiningClass(point);
            bool reaches = starter >= 0 && (lastClass < combiningClass || kept == starter + 1);
            int composed = reaches ? _table.Compose(_points[starter], point) : -1;
            if (composed >= 0)
            {
                _points[starter] = composed;
                continue;
            }

            if (combiningClass == 0)
                starter = kept;
            lastClass = combiningClass;
            _points[kept++] = point;
        }

        _points.RemoveRange(kept, _points.Count - kept);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_outputLength + bytes.Length > _output.Length)
            Array.Resize(ref _output, Math.Max(_outputLength + bytes.Length, _output.Length * 2));
        bytes.CopyTo(_output.AsSpan(_outputLength));
        _outputLength += bytes.Length;
    }
}
