using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Kernels.Operators;

/// <summary>Floats to half precision: to the nearest, ties to even, saturating at ±65,504.</summary>
internal static class Halves
{
    /// <summary>
    /// A normal half is the float's bits with the exponent's bias moved by 112 and the 13 lowest bits rounded away;
    /// below 2^−14 adding 0.5 aligns the fraction so that the addition rounds it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ushort> From(Vector256<float> x)
    {
        Vector256<float> absolute = Vector256.Min(Vector256.Abs(x), Vector256.Create(65504f));
        Vector256<int> bits = absolute.AsInt32();
        Vector256<int> odd = (bits >>> 13) & Vector256.Create(1);
        Vector256<int> normal = (bits + odd + Vector256.Create(0xFFF - (112 << 23))) >>> 13;
        Vector256<int> small = (absolute + Vector256.Create(0.5f)).AsInt32() - Vector256.Create(0.5f).AsInt32();
        Vector256<int> isSmall = Vector256.LessThan(absolute, Vector256.Create(6.103515625e-5f)).AsInt32();
        Vector256<int> isNumber = Vector256.Equals(x, x).AsInt32();
        Vector256<int> half = Vector256.ConditionalSelect(isSmall, small, normal);
        half = Vector256.ConditionalSelect(isNumber, half, Vector256.Create(0x7E00));
        half |= (x.AsInt32() >>> 16) & Vector256.Create(0x8000);
        return Vector256.Narrow(half.AsUInt32(), half.AsUInt32()).GetLower();
    }

    internal static ushort From(float value) =>
        BitConverter.HalfToUInt16Bits((Half)(float.IsNaN(value) ? value : Math.Clamp(value, -65504f, 65504f)));
}
