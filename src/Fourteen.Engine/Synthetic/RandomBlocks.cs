using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fourteen.Formats;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Engine.Synthetic;

/// <summary>
/// Random rows of a weight type whose values are sane: any bytes are legal quants, but random scales may be infinite or
/// huge, so these get a fixed size, with a little variation where they have bits to spare. The same seed gives the same
/// bytes on every machine and with any number of threads. Read-only after construction.
/// </summary>
internal sealed class RandomBlocks
{
    /// <summary>Bytes that are made from one start of the generator, about: a unit of work for a thread.</summary>
    private const int PieceBytesWanted = 1 << 16;

    /// <summary>Blocks that the usual size of values is measured on.</summary>
    private const int SampleBlocks = 64;

    /// <summary>
    /// √(7/3 · (1 + 1/4 + 1/16 + 1/64) / 4): the root mean square of floats that have a random fraction and one of four
    /// exponents, in units of the highest exponent.
    /// </summary>
    private const double FloatRms = 0.88;

    private readonly int _blockBytes;
    private readonly LaneRule _lanes;
    private readonly Field[] _fields;

    /// <summary>Sixteen bits of a block, at an offset: random where the mask is set, else the value's.</summary>
    private readonly record struct Field(int Offset, ushort RandomMask, ushort Value);

    /// <summary>
    /// What becomes of 64 random bits that are plain floats: (base − (bits &amp; exponent)) | (bits &amp; keep). The
    /// exponent's two low bits are subtracted from the base, which is never smaller, so that no lane borrows.
    /// </summary>
    private readonly record struct LaneRule(ulong Keep, ulong ExponentMask, ulong Base);

    private RandomBlocks(GgmlType type, LaneRule lanes, Field[] fields)
    {
        _blockBytes = GgmlTypeTraits.Of(type).BlockBytes;
        _lanes = lanes;
        _fields = fields;
        PieceBytes = Math.Max(1, PieceBytesWanted / _blockBytes) * _blockBytes;
    }

    /// <summary>Bytes of a piece: whole blocks.</summary>
    internal int PieceBytes { get; }

    /// <summary>Blocks of a type whose values have about this root mean square.</summary>
    internal static RandomBlocks Of(GgmlType type, double rms)
    {
        int exponent = (int)Math.Round(Math.Log2(rms / FloatRms));
        switch (type)
        {
            case GgmlType.F32:
                return new RandomBlocks(type, Lanes(32, 23, exponent + 127), []);
            case GgmlType.F16:
                return new RandomBlocks(type, Lanes(16, 10, Math.Max(exponent + 15, 4)), []);
            case GgmlType.BF16:
                return new RandomBlocks(type, Lanes(16, 7, exponent + 127), []);
        }

        var untouched = new LaneRule(ulong.MaxValue, 0, 0);
        var unit = new RandomBlocks(type, untouched, Fields(type, 1));
        return new RandomBlocks(type, untouched, Fields(type, rms / unit.MeasureRms(type)));
    }

    /// <summary>
    /// Fills rows that stand at piece <paramref name="piece"/> of a tensor and may be shorter than a whole one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Fill(ulong seed, long piece, Span<byte> target)
    {
        ulong state = Mix(seed ^ Mix((ulong)piece + 1));
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(target);
        LaneRule lanes = _lanes;
        for (int i = 0; i < words.Length; i++)
            words[i] = Next(ref state, lanes);
        Span<byte> rest = target[(words.Length * sizeof(ulong))..];
        if (rest.Length > 0)
        {
            Span<byte> last = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(last, Next(ref state, lanes));
            last[..rest.Length].CopyTo(rest);
        }

        foreach (Field field in _fields)
        {
            for (int at = field.Offset; at < target.Length; at += _blockBytes)
            {
                Span<byte> bits = target.Slice(at, sizeof(ushort));
                ushort random = BinaryPrimitives.ReadUInt16LittleEndian(bits);
                BinaryPrimitives.WriteUInt16LittleEndian(bits, (ushort)((random & field.RandomMask) | field.Value));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Next(ref ulong state, LaneRule lanes)
    {
        state += 0x9E37_79B9_7F4A_7C15;
        ulong random = Mix(state);
        return (lanes.Base - (random & lanes.ExponentMask)) | (random & lanes.Keep);
    }

    /// <summary>The finalizer of SplitMix64 (Steele, Lea and Flood 2014).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }

    /// <summary>The same rule for each float in 64 bits.</summary>
    private static LaneRule Lanes(int bits, int fractionBits, int exponent)
    {
        ulong fraction = (1UL << fractionBits) - 1, sign = 1UL << (bits - 1);
        ulong keep = 0, mask = 0, start = 0;
        for (int at = 0; at < 64; at += bits)
        {
            keep |= (fraction | sign) << at;
            mask |= 3UL << (at + fractionBits);
            start |= (ulong)exponent << (at + fractionBits);
        }

        return new LaneRule(keep, mask, start);
    }

    /// <summary>
    /// The parts of a block that set how large its values are, for a scale. Where values are scale · quant − minimum,
    /// the minimum is the mean of the rest, so that values have none.
    /// </summary>
    private static Field[] Fields(GgmlType type, double scale) => type switch
    {
        GgmlType.Q4_1 => [Half(0, scale), Half(2, -7.5 * scale)],
        GgmlType.Q5_1 => [Half(0, scale), Half(2, -15.5 * scale)],
        GgmlType.Q4_K => [Half(0, scale), Half(2, 7.5 * scale)],
        GgmlType.Q5_K => [Half(0, scale), Half(2, 15.5 * scale)],
        GgmlType.Q2_K => [Half(80, scale), Half(82, 1.5 * scale)],
        GgmlType.Q3_K => [Half(108, scale)],
        GgmlType.Q6_K => [Half(208, scale)],
        GgmlType.TQ1_0 => [Half(52, scale)],
        GgmlType.TQ2_0 => [Half(64, scale)],
        GgmlType.IQ1_M => SpreadHalf(scale),
        GgmlType.MXFP4 => [new Field(0, 0xFF00, (byte)(128 + (int)Math.Round(Math.Log2(scale))))],
        GgmlType.NVFP4 => [TwoE4M3(0, scale), TwoE4M3(2, scale)],
        _ => [Half(0, scale)],
    };

    /// <summary>A half whose last four bits of fraction are random.</summary>
    private static Field Half(int offset, double value) =>
        new(offset, 0x000F, (ushort)(BitConverter.HalfToUInt16Bits((Half)value) & 0xFFF0));

    /// <summary>IQ1_M has four bits of its scale on top of each of four 16-bit words.</summary>
    private static Field[] SpreadHalf(double value)
    {
        ushort bits = BitConverter.HalfToUInt16Bits((Half)value);
        Field Nibble(int i) => new(48 + (2 * i), 0x0FFF, (ushort)(bits >> (4 * i) << 12));
        return [Nibble(0), Nibble(1), Nibble(2), Nibble(3)];
    }

    /// <summary>Two bytes of four bits exponent (bias 7) and three bits fraction, without sign.</summary>
    private static Field TwoE4M3(int offset, double value)
    {
        const double Smallest = 1.0 / 512;
        int exponent = Math.Max(1, (int)Math.Floor(Math.Log2(value)) + 7);
        int fraction = (int)Math.Round(value / Smallest / Math.Pow(2, exponent - 1)) - (exponent > 1 ? 8 : 0);
        int code = Math.Clamp(exponent > 1 ? (exponent << 3) + fraction : fraction, 1, 0x7E);
        return new Field(offset, 0, (ushort)(code | (code << 8)));
    }

    private double MeasureRms(GgmlType type)
    {
        using var blocks = new AlignedBuffer(SampleBlocks * (long)_blockBytes, zeroed: false);
        Fill(1, 0, blocks.Span(0, (int)blocks.Length));
        float[] values = new float[SampleBlocks * GgmlTypeTraits.Of(type).BlockElements];
        Dequantizer.Row(type, blocks.Address, values);
        return Math.Sqrt(values.Average(value => (double)value * value));
    }
}
