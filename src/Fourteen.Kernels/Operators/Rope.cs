using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Tensors;

namespace Fourteen.Kernels.Operators;

/// <summary>Which lanes of a head turn together.</summary>
public enum RopePairs
{
    /// <summary>(i, i + n/2): Qwen, and every Hugging Face checkpoint.</summary>
    Halves,

    /// <summary>(2i, 2i + 1): llama in GGUF, whose query and key rows are permuted for it.</summary>
    Adjacent,
}

/// <summary>
/// Rotary position embedding in place: (a, b) → (a·cos − b·sin, b·cos + a·sin) for each pair of the first
/// 2 · <c>pairs</c> lanes of each head; other lanes pass. Each product and sum rounds on its own.
/// </summary>
public static unsafe class Rope
{
    /// <summary>
    /// Turns <paramref name="heads"/> heads of <paramref name="headDim"/> lanes in each row of <paramref name="x"/>;
    /// row r takes row r of <paramref name="cos"/> and <paramref name="sin"/>, [tokens, pairs].
    /// </summary>
    public static void Run(FloatMatrix x, int heads, int headDim, FloatMatrix cos, FloatMatrix sin, RopePairs layout)
    {
        if (heads * headDim > x.Columns || cos.Columns * 2 > headDim)
            throw new ArgumentException($"{heads} heads of {headDim} lanes do not fit {x.Columns} columns.", nameof(x));
        for (int row = 0; row < x.Rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                float* at = x.Pointer(row) + (head * headDim);
                if (layout == RopePairs.Halves)
                    Halves(at, cos.Pointer(row), sin.Pointer(row), cos.Columns);
                else
                    Adjacent(at, cos.Pointer(row), sin.Pointer(row), cos.Columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Halves(float* x, float* cos, float* sin, int pairs)
    {
        int i = 0;
        for (; i + 8 <= pairs; i += 8)
        {
            Vector256<float> a = Vector256.Load(x + i), b = Vector256.Load(x + i + pairs);
            Vector256<float> c = Vector256.Load(cos + i), s = Vector256.Load(sin + i);
            ((a * c) - (b * s)).Store(x + i);
            ((b * c) + (a * s)).Store(x + i + pairs);
        }

        for (; i < pairs; i++)
        {
            float a = x[i], b = x[i + pairs];
            x[i] = (a * cos[i]) - (b * sin[i]);
            x[i + pairs] = (b * cos[i]) + (a * sin[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Adjacent(float* x, float* cos, float* sin, int pairs)
    {
        for (int i = 0; i < pairs; i++)
        {
            float a = x[2 * i], b = x[(2 * i) + 1];
            x[2 * i] = (a * cos[i]) - (b * sin[i]);
            x[(2 * i) + 1] = (b * cos[i]) + (a * sin[i]);
        }
    }
}
