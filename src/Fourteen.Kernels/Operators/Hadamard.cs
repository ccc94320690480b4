using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// Rotation by a normalized Hadamard matrix (Sylvester's): it spreads one large channel over all, keeps the products of
/// two vectors that are both rotated, and is its own inverse. A vector whose length is no power of two is rotated in
/// parts of the largest power of two that divides it: 96 channels as three of 32.
/// </summary>
public static unsafe class Hadamard
{
    /// <summary>
    /// Rotates <paramref name="x"/> in place. Its length is a multiple of 8. Stage by stage, with stride 1, 2, 4, … of
    /// a part of n: (x_i, x_j) → (x_i + x_j, x_i − x_j) for j = i + stride; then each times 1/√n.
    /// </summary>
    public static void Rotate(Span<float> x)
    {
        if (x.IsEmpty || x.Length % 8 != 0)
            throw new ArgumentException($"The length must be a multiple of 8, found {x.Length}.", nameof(x));
        int part = 1 << BitOperations.TrailingZeroCount(x.Length);
        float factor = 1f / MathF.Sqrt(part);
        fixed (float* pinned = x)
        {
            for (int first = 0; first < x.Length; first += part)
                Rotate(pinned + first, part, factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rotate(float* x, int count, float factor)
    {
        for (int i = 0; i < count; i += 8)
        {
            // Pairs within a vector: sums a + b in the lanes of a, a + (−b) in those of b.
            Vector256<float> v = Vector256.Load(x + i);
            v = Vector256.Shuffle(v, Vector256.Create(0, 0, 2, 2, 4, 4, 6, 6))
                + (Vector256.Shuffle(v, Vector256.Create(1, 1, 3, 3, 5, 5, 7, 7))
                    ^ Vector256.Create(0f, -0f, 0f, -0f, 0f, -0f, 0f, -0f));
            v = Vector256.Shuffle(v, Vector256.Create(0, 1, 0, 1, 4, 5, 4, 5))
                + (Vector256.Shuffle(v, Vector256.Create(2, 3, 2, 3, 6, 7, 6, 7))
                    ^ Vector256.Create(0f, 0f, -0f, -0f, 0f, 0f, -0f, -0f));
            v = Vector256.Shuffle(v, Vector256.Create(0, 1, 2, 3, 0, 1, 2, 3))
                + (Vector256.Shuffle(v, Vector256.Create(4, 5, 6, 7, 4, 5, 6, 7))
                    ^ Vector256.Create(0f, 0f, 0f, 0f, -0f, -0f, -0f, -0f));
            v.Store(x + i);
        }

        for (int stride = 8; stride < count; stride *= 2)
        {
            for (int first = 0; first < count; first += 2 * stride)
            {
                for (int i = first; i < first + stride; i += 8)
                {
                    Vector256<float> a = Vector256.Load(x + i), b = Vector256.Load(x + i + stride);
                    (a + b).Store(x + i);
                    (a - b).Store(x + i + stride);
                }
            }
        }

        for (int i = 0; i < count; i += 8)
            (Vector256.Load(x + i) * Vector256.Create(factor)).Store(x + i);
    }
}
