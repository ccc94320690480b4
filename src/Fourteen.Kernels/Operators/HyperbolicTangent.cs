using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// tanh x in 32-bit floats from additions, multiplications, one division and <see cref="Exponential"/>, so that every
/// machine gives the same bits. Method and coefficients: Cephes Mathematical Library, tanhf: an odd polynomial where
/// |x| &lt; 0.625, else 1 − 2 / (e^2|x| + 1) with the sign of x. Absolute error below 2e-7; ±0 and NaN stay, ±∞ gives ±1.
/// </summary>
internal static class HyperbolicTangent
{
    /// <summary>Below it the polynomial, which keeps a small result's relative accuracy.</summary>
    private const float Small = 0.625f;

    private const float C4 = -5.70498872745e-3f;
    private const float C3 = 2.06390887954e-2f;
    private const float C2 = -5.37397155531e-2f;
    private const float C1 = 1.33314422036e-1f;
    private const float C0 = -3.33332819422e-1f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Of(Vector256<float> x)
    {
        Vector256<float> square = x * x;
        Vector256<float> y = Vector256.Create(C4);
        y = Vector256.FusedMultiplyAdd(y, square, Vector256.Create(C3));
        y = Vector256.FusedMultiplyAdd(y, square, Vector256.Create(C2));
        y = Vector256.FusedMultiplyAdd(y, square, Vector256.Create(C1));
        y = Vector256.FusedMultiplyAdd(y, square, Vector256.Create(C0));
        Vector256<float> small = Vector256.FusedMultiplyAdd(y * square, x, x);

        Vector256<float> absolute = Vector256.Abs(x);
        Vector256<float> one = Vector256<float>.One;
        Vector256<float> large = one - (Vector256.Create(2f) / (Exponential.Of(absolute + absolute) + one));
        Vector256<float> sign = x & Vector256.Create(-0f);
        Vector256<float> result = Vector256.ConditionalSelect(
            Vector256.LessThan(absolute, Vector256.Create(Small)), small, large | sign);
        return Vector256.ConditionalSelect(Vector256.Equals(x, x), result, x);
    }

    internal static float Of(float x)
    {
        float absolute = MathF.Abs(x);
        if (absolute < Small)
        {
            float square = x * x;
            float y = MathF.FusedMultiplyAdd(C4, square, C3);
            y = MathF.FusedMultiplyAdd(y, square, C2);
            y = MathF.FusedMultiplyAdd(y, square, C1);
            y = MathF.FusedMultiplyAdd(y, square, C0);
            return MathF.FusedMultiplyAdd(y * square, x, x);
        }

        return float.IsNaN(x) ? x : MathF.CopySign(1f - (2f / (Exponential.Of(absolute + absolute) + 1f)), x);
    }
}
