namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Byte strings by index, one after the other in one array: a vocabulary of 150,000 tokens is three arrays instead of
/// 150,000 objects. An index that was never set holds the empty string.
/// </summary>
internal sealed class PackedStrings
{
    /// <summary>
    /// All strings together: far above any vocabulary (the largest have some 5 MB), far below what int counts.
    /// </summary>
    internal const int BytesMax = 1 << 30;

    private byte[] _bytes = [];
    private int[] _starts = [];
    private int[] _lengths = [];   // length + 1; 0 where the index was never set
    private int _bytesUsed;

    /// <summary>One more than the highest index.</summary>
    internal int Count { get; private set; }

    internal ReadOnlySpan<byte> this[int index] =>
        new(_bytes, _starts[index], Math.Max(0, _lengths[index] - 1));

    internal bool IsSet(int index) => (uint)index < (uint)Count && _lengths[index] != 0;

    internal void Add(ReadOnlySpan<byte> value) => Set(Count, value);

    /// <summary>Sets or replaces a string. The caller has checked the index against a limit.</summary>
    internal void Set(int index, ReadOnlySpan<byte> value)
    {
        if (index >= _starts.Length)
        {
            int capacity = Math.Max(index + 1, Math.Max(256, _starts.Length * 2));
            Array.Resize(ref _starts, capacity);
            Array.Resize(ref _lengths, capacity);
        }

        if ((long)_bytesUsed + value.Length > BytesMax)
            throw new InvalidDataException($"the strings of one vocabulary may have {BytesMax} bytes together");
        if (_bytesUsed + value.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytesUsed + value.Length, Math.Max(4096, _bytes.Length * 2)));

        value.CopyTo(_bytes.AsSpan(_bytesUsed));
        _starts[index] = _bytesUsed;
        _lengths[index] = value.Length + 1;
        _bytesUsed += value.Length;
        Count = Math.Max(Count, index + 1);
    }
}
