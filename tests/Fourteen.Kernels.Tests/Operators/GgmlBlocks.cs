using Fourteen.Kernels.Operators;

namespace Fourteen.Kernels.Tests.Operators;

/// <summary>
/// ggml's quantize_row_q8_0_ref and quantize_row_q4_0_ref (ggml/src/ggml-quants.c), written out once more, and the
/// plain definition of the rotation: what the cache must hold.
/// </summary>
internal static class GgmlBlocks
{
    private const int Block = 32;

    /// <summary>One head of one position, to the storage type and back.</summary>
    internal static void RoundTrip(Span<float> head, KvType type)
    {
        if (type == KvType.Q4_0)
            Rotate(head);
        for (int first = 0; first < head.Length; first += Block)
        {
            Span<float> block = head[first..Math.Min(head.Length, first + Block)];
            if (type == KvType.Q8_0)
                Q8_0(block);
            else if (type == KvType.Q4_0)
                Q4_0(block);
            else if (type == KvType.F16)
                Half(block);
        }

        if (type == KvType.Q4_0)
            Rotate(head);
    }

    /// <summary>
    /// Walsh–Hadamard with strides 1, 2, 4, … over parts of the largest power of two that divides the length, times
    /// 1 / √part.
    /// </summary>
    internal static void Rotate(Span<float> x)
    {
        int part = x.Length & -x.Length;
        for (int stride = 1; stride < part; stride *= 2)
        {
            for (int i = 0; i < x.Length; i++)
            {
                if ((i & stride) != 0)
                    continue;
                (float a, float b) = (x[i], x[i + stride]);
                x[i] = a + b;
                x[i + stride] = a - b;
            }
        }

        foreach (ref float value in x)
            value *= 1f / MathF.Sqrt(part);
    }

    private static void Half(Span<float> x)
    {
        foreach (ref float value in x)
            value = (float)(System.Half)value;
    }

    private static void Q8_0(Span<float> x)
    {
        float largest = 0;
        foreach (float value in x)
            largest = MathF.Max(largest, MathF.Abs(value));
        float scale = largest / 127;
        float inverse = scale != 0 ? 1f / scale : 0f;
        foreach (ref float value in x)
            value = MathF.Round(value * inverse, MidpointRounding.AwayFromZero) * (float)(System.Half)scale;
    }

    private static void Q4_0(Span<float> x)
    {
        float largest = 0, signed = 0;
        foreach (float value in x)
        {
            if (largest >= MathF.Abs(value))
                continue;
            largest = MathF.Abs(value);
            signed = value;
        }

        float scale = signed / -8;
        float inverse = scale != 0 ? 1f / scale : 0f;
        foreach (ref float value in x)
            value = (Math.Min(15, (int)((value * inverse) + 8.5f)) - 8) * (float)(System.Half)scale;
    }
}
