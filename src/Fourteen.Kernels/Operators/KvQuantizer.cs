using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// 32 floats to whole numbers and a half-precision scale, as ggml's quantize_row_q8_0_ref and quantize_row_q4_0_ref do:
/// the numbers are divided by the scale before it is rounded to a half. One byte a number.
/// </summary>
internal static unsafe class KvQuantizer
{
    /// <summary>Scale max|x| / 127; numbers −127 … 127, to the nearest, ties away from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static ushort Q8_0(float* x, sbyte* numbers)
    {
        float scale = Largest(x) / 127f;
        float inverse = scale == 0 ? 0 : 1f / scale;
        for (int i = 0; i < KvTypes.Group; i += 8)
        {
            Vector256<float> v = Vector256.Load(x + i) * Vector256.Create(inverse);
            Vector256<float> whole = Vector256.Truncate(v), rest = Vector256.Abs(v - whole);
            Vector256<float> step = Vector256<float>.One | (v & Vector256.Create(-0f));
            whole += step & Vector256.GreaterThanOrEqual(rest, Vector256.Create(0.5f));
            Bytes(whole).Store((byte*)numbers + i);
        }

        return Halves.From(scale);
    }

    /// <summary>
    /// Scale: the number of largest magnitude, with its sign, / −8; numbers 0 … 15, 8 too large: x / scale + 8.5
    /// without its fraction, at most 15.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static ushort Q4_0(float* x, sbyte* numbers)
    {
        float largest = Largest(x);
        for (int i = KvTypes.Group - 8; i >= 0; i -= 8)
        {
            Vector256<float> v = Vector256.Load(x + i);
            uint found = Vector256.Equals(Vector256.Abs(v), Vector256.Create(MathF.Abs(largest)))
                .ExtractMostSignificantBits();
            if (found != 0)
                largest = x[i + BitOperations.TrailingZeroCount(found)]; // The first of several decides the sign.
        }

        float scale = largest / -8f;
        float inverse = scale == 0 ? 0 : 1f / scale;
        for (int i = 0; i < KvTypes.Group; i += 8)
        {
            Vector256<float> v = (Vector256.Load(x + i) * Vector256.Create(inverse)) + Vector256.Create(8.5f);
            Bytes(Vector256.Min(v, Vector256.Create(15f))).Store((byte*)numbers + i);
        }

        return Halves.From(scale);
    }

    /// <summary>max |x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(float* x)
    {
        Vector256<float> largest = Vector256.Abs(Vector256.Load(x));
        for (int i = 8; i < KvTypes.Group; i += 8)
            largest = Vector256.Max(largest, Vector256.Abs(Vector256.Load(x + i)));
        float result = 0;
        for (int lane = 0; lane < 8; lane++)
            result = MathF.Max(result, largest[lane]);
        return result;
    }

    /// <summary>The low bytes of eight numbers, without their fractions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector64<byte> Bytes(Vector256<float> x)
    {
        Vector256<uint> whole = Vector256.ConvertToInt32(x).AsUInt32();
        Vector256<ushort> shorts = Vector256.Narrow(whole, whole);
        return Vector256.Narrow(shorts, shorts).GetLower().GetLower();
    }
}
