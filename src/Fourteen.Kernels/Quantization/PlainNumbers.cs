namespace Fourteen.Kernels.Quantization;

/// <summary>The types that are no blocks: floats and integers, one after the other, little-endian.</summary>
internal static unsafe class PlainNumbers
{
    internal static void FromF32(byte* source, float* target, long elements) =>
        Buffer.MemoryCopy(source, target, elements * sizeof(float), elements * sizeof(float));

    internal static void FromF16(byte* source, float* target, long elements)
    {
        var values = (Half*)source;
        for (long i = 0; i < elements; i++)
            target[i] = (float)values[i];
    }

    /// <summary>BF16 is the upper half of a float.</summary>
    internal static void FromBF16(byte* source, float* target, long elements)
    {
        var values = (ushort*)source;
        var bits = (uint*)target;
        for (long i = 0; i < elements; i++)
            bits[i] = (uint)values[i] << 16;
    }

    internal static void FromF64(byte* source, float* target, long elements)
    {
        var values = (double*)source;
        for (long i = 0; i < elements; i++)
            target[i] = (float)values[i];
    }

    internal static void FromI8(byte* source, float* target, long elements)
    {
        for (long i = 0; i < elements; i++)
            target[i] = (sbyte)source[i];
    }

    internal static void FromI16(byte* source, float* target, long elements)
    {
        var values = (short*)source;
        for (long i = 0; i < elements; i++)
            target[i] = values[i];
    }

    internal static void FromI32(byte* source, float* target, long elements)
    {
        var values = (int*)source;
        for (long i = 0; i < elements; i++)
            target[i] = values[i];
    }

    internal static void FromI64(byte* source, float* target, long elements)
    {
        var values = (long*)source;
        for (long i = 0; i < elements; i++)
            target[i] = values[i];
    }
}
