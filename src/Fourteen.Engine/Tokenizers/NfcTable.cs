using System.Buffers.Binary;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// The facts that Unicode's normalization form C needs, from the embedded <c>nfc.bin</c> (made by
/// <c>tools/nfc-table.mjs</c>, which describes its layout and says why they are those of Unicode 9.0). .NET's own
/// <c>string.Normalize</c> does nothing under invariant globalization, and tokenization must not depend on whether ICU
/// is installed.
/// </summary>
internal sealed class NfcTable
{
    // Hangul syllables are computed: UAX #15, "Hangul syllable composition". Names as there.
    private const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7;
    private const int LCount = 19, VCount = 21, TCount = 28, NCount = VCount * TCount, SCount = LCount * NCount;

    private const int PageBits = 8;
    private const ushort ClassMask = 0xFF;
    private const ushort NotInert = 0x100;

    private static readonly Lazy<NfcTable> _shared = new(Load);

    private readonly ushort[]?[] _pages = new ushort[]?[0x110000 >> PageBits];   // per code point: class | NotInert
    private readonly Dictionary<int, int[]> _decompositions = [];
    private readonly Dictionary<long, int> _compositions = [];

    private NfcTable(ReadOnlySpan<byte> data)
    {
        for (int ranges = TakeU16(ref data); ranges > 0; ranges--)
        {
            int first = TakePoint(ref data);
            int last = first + data[0];
            for (int point = first; point <= last; point++)
                Mark(point, (ushort)(data[1] | NotInert));
            data = data[2..];
        }

        for (int decompositions = TakeU16(ref data); decompositions > 0; decompositions--)
        {
            int point = TakePoint(ref data);
            bool kept = data[0] == 1;
            var parts = new int[data[1]];
            data = data[2..];
            for (int i = 0; i < parts.Length; i++)
                parts[i] = TakePoint(ref data);
            _decompositions.Add(point, parts);
            if (!kept)
                Mark(point, NotInert);
        }

        for (int pairs = TakeU16(ref data); pairs > 0; pairs--)
        {
            int first = TakePoint(ref data), second = TakePoint(ref data);
            _compositions.Add(PairKey(first, second), TakePoint(ref data));
            Mark(second, NotInert);
        }

        for (int vowel = 0; vowel < VCount; vowel++)
            Mark(VBase + vowel, NotInert);
        for (int trailing = 1; trailing < TCount; trailing++)
            Mark(TBase + trailing, NotInert);
    }

    internal static NfcTable Shared => _shared.Value;

    /// <summary>
    /// Whether the code point stands in NFC text unchanged and never joins what is before it: its class is 0 and its
    /// NFC_Quick_Check is Yes. Text can be cut before it.
    /// </summary>
    internal bool IsInert(int point) => (_pages[point >> PageBits]?[point & 0xFF] ?? 0) == 0;

    /// <summary>The canonical combining class.</summary>
    internal int CombiningClass(int point) => (_pages[point >> PageBits]?[point & 0xFF] ?? 0) & ClassMask;

    /// <summary>Appends the full canonical decomposition (the code point itself where it has none).</summary>
    internal void Decompose(int point, List<int> output)
    {
        int syllable = point - SBase;
        if ((uint)syllable < SCount)
        {
            output.Add(LBase + (syllable / NCount));
            output.Add(VBase + (syllable % NCount / TCount));
            if (syllable % TCount != 0)
                output.Add(TBase + (syllable % TCount));
        }
        else if (_decompositions.TryGetValue(point, out int[]? parts))
        {
            output.AddRange(parts);
        }
        else
        {
            output.Add(point);
        }
    }

    /// <summary>The code point that the two compose to, or -1.</summary>
    internal int Compose(int first, int second)
    {
        if ((uint)(first - LBase) < LCount && (uint)(second - VBase) < VCount)
            return SBase + ((((first - LBase) * VCount) + (second - VBase)) * TCount);
        bool withoutTrailing = (uint)(first - SBase) < SCount && (first - SBase) % TCount == 0;
        if (withoutTrailing && second - TBase is > 0 and < TCount)
            return first + (second - TBase);
        return _compositions.GetValueOrDefault(PairKey(first, second), -1);
    }

    private static NfcTable Load()
    {
        const string name = "Fourteen.Engine.Tokenizers.nfc.bin";
        using Stream stream = typeof(NfcTable).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is missing from the build.");
        var data = new byte[stream.Length];
        stream.ReadExactly(data);
        return new NfcTable(data);
    }

    private static long PairKey(int first, int second) => ((long)first << 32) | (uint)second;

    private static int TakeU16(ref ReadOnlySpan<byte> data)
    {
        int value = BinaryPrimitives.ReadUInt16LittleEndian(data);
        data = data[2..];
        return value;
    }

    private static int TakePoint(ref ReadOnlySpan<byte> data)
    {
        int value = data[0] | (data[1] << 8) | (data[2] << 16);
        data = data[3..];
        return value;
    }

    private void Mark(int point, ushort flags) =>
        (_pages[point >> PageBits] ??= new ushort[1 << PageBits])[point & 0xFF] |= flags;
}
