using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// What <see cref="Elementwise"/> does to one element x with its partner y of a second matrix and the operation's
/// factor, in floats and, with the same roundings, in vectors.
/// </summary>
internal interface IElementOperation
{
    static abstract float Of(float x, float y, float factor);

    static abstract Vector256<float> Of(Vector256<float> x, Vector256<float> y, Vector256<float> factor);
}

/// <summary>x + y.</summary>
internal readonly struct AddOperation : IElementOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float x, float y, float factor) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x, Vector256<float> y, Vector256<float> factor) => x + y;
}

/// <summary>x · factor.</summary>
internal readonly struct ScaleOperation : IElementOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float x, float y, float factor) => x * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x, Vector256<float> y, Vector256<float> factor) => x * factor;
}

/// <summary>factor · tanh(x / factor).</summary>
internal readonly struct SoftCapOperation : IElementOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float x, float y, float factor) => HyperbolicTangent.Of(x / factor) * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x, Vector256<float> y, Vector256<float> factor) =>
        HyperbolicTangent.Of(x / factor) * factor;
}

/// <summary>silu(x) · y, silu(z) = z / (1 + e^−z).</summary>
internal readonly struct SiluGateOperation : IElementOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float x, float y, float factor) => x / (1f + Exponential.Of(-x)) * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x, Vector256<float> y, Vector256<float> factor) =>
        x / (Vector256<float>.One + Exponential.Of(-x)) * y;
}

/// <summary>gelu(x) · y, gelu(z) = z/2 · (1 + tanh(√(2/π) · (z + 0.044715·z³))).</summary>
internal readonly struct GeluTanhGateOperation : IElementOperation
{
    /// <summary>√(2/π).</summary>
    private const float Root = 0.7978845608028654f;
    private const float Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float x, float y, float factor)
    {
        float inner = Root * (x + (Cubic * (x * x * x)));
        return 0.5f * x * (1f + HyperbolicTangent.Of(inner)) * y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x, Vector256<float> y, Vector256<float> factor)
    {
        Vector256<float> inner = Vector256.Create(Root) * (x + (Vector256.Create(Cubic) * (x * x * x)));
        return Vector256.Create(0.5f) * x * (Vector256<float>.One + HyperbolicTangent.Of(inner)) * y;
    }
}
