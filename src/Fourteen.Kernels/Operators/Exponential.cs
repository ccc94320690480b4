using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// e^x in 32-bit floats from additions and multiplications alone, so that every machine gives the same bits. Arguments
/// are held within [−87.33, 88]. Method and coefficients: Cephes Mathematical Library, expf: x = n·ln 2 + r with
/// |r| ≤ ln 2 / 2, e^r by a polynomial of degree 7, the result scaled by 2^n. Relative error below 2e-7.
/// </summary>
internal static class Exponential
{
    private const float Lowest = -87.33f;
    private const float Highest = 88f;
    private const float Log2E = 1.44269504088896341f;

    /// <summary>ln 2 in two parts: n times the first is exact for |n| &lt; 2^14.</summary>
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>1.5 · 2^23: adding it leaves the nearest integer in the low bits of the sum.</summary>
    private const float Magic = 12582912f;

    private const float C5 = 1.9875691500e-4f;
    private const float C4 = 1.3981999507e-3f;
    private const float C3 = 8.3334519073e-3f;
    private const float C2 = 4.1665795894e-2f;
    private const float C1 = 1.6666665459e-1f;
    private const float C0 = 5.0000001201e-1f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Of(Vector256<float> x)
    {
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(Lowest)), Vector256.Create(Highest));
        Vector256<float> magic = Vector256.Create(Magic);
        Vector256<float> shifted = (x * Vector256.Create(Log2E)) + magic;
        Vector256<float> n = shifted - magic;
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2High), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2Low), r);
        Vector256<float> y = Vector256.Create(C5);
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(C4));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(C3));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(C2));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(C1));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(C0));
        y = Vector256.FusedMultiplyAdd(y, r * r, r) + Vector256<float>.One;
        Vector256<int> exponent = (shifted.AsInt32() - magic.AsInt32() + Vector256.Create(127)) << 23;
        return y * exponent.AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Of(Vector512<float> x)
    {
        x = Vector512.Min(Vector512.Max(x, Vector512.Create(Lowest)), Vector512.Create(Highest));
        Vector512<float> magic = Vector512.Create(Magic);
        Vector512<float> shifted = (x * Vector512.Create(Log2E)) + magic;
        Vector512<float> n = shifted - magic;
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2High), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Low), r);
        Vector512<float> y = Vector512.Create(C5);
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(C4));
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(C3));
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(C2));
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(C1));
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(C0));
        y = Vector512.FusedMultiplyAdd(y, r * r, r) + Vector512<float>.One;
        Vector512<int> exponent = (shifted.AsInt32() - magic.AsInt32() + Vector512.Create(127)) << 23;
        return y * exponent.AsSingle();
    }

    internal static float Of(float x)
    {
        x = MathF.Min(MathF.Max(x, Lowest), Highest);
        float shifted = (x * Log2E) + Magic;
        float n = shifted - Magic;
        float r = MathF.FusedMultiplyAdd(n, -Ln2High, x);
        r = MathF.FusedMultiplyAdd(n, -Ln2Low, r);
        float y = MathF.FusedMultiplyAdd(C5, r, C4);
        y = MathF.FusedMultiplyAdd(y, r, C3);
        y = MathF.FusedMultiplyAdd(y, r, C2);
        y = MathF.FusedMultiplyAdd(y, r, C1);
        y = MathF.FusedMultiplyAdd(y, r, C0);
        y = MathF.FusedMultiplyAdd(y, r * r, r) + 1f;
        int exponent = BitConverter.SingleToInt32Bits(shifted) - BitConverter.SingleToInt32Bits(Magic) + 127;
        return y * BitConverter.Int32BitsToSingle(exponent << 23);
    }
}
