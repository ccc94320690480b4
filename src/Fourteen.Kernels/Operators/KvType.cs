namespace Fourteen.Kernels.Operators;

/// <summary>How keys and values are stored.</summary>
public enum KvType
{
    /// <summary>Half precision, rounded to nearest, saturating at ±65,504.</summary>
    F16,

    /// <summary>32-bit floats.</summary>
    F32,

    /// <summary>8 bits, and one half-precision scale for 32 channels of a position: blocks of ggml's Q8_0.</summary>
    Q8_0,

    /// <summary>
    /// 4 bits, and one half-precision scale for 32 channels of a position: blocks of ggml's Q4_0 of keys and values
    /// that <see cref="Hadamard"/> has rotated, so that no channel is larger than all others.
    /// </summary>
    Q4_0,
}

/// <summary>What the types of the cache are like.</summary>
public static class KvTypes
{
    /// <summary>Channels of a position that share a scale.</summary>
    public const int Group = 32;

    /// <summary>Bits of one number, without its part of a scale.</summary>
    public static int Bits(this KvType type) => type switch
    {
        KvType.F32 => 32,
        KvType.F16 => 16,
        KvType.Q8_0 => 8,
        KvType.Q4_0 => 4,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Whether numbers have scales.</summary>
    public static bool IsQuantized(this KvType type) => type is KvType.Q8_0 or KvType.Q4_0;

    /// <summary>Whether keys, values and queries are rotated, and results rotated back.</summary>
    public static bool IsRotated(this KvType type) => type == KvType.Q4_0;

    /// <summary>Whether heads of this many channels can be stored: scaled types take whole groups.</summary>
    public static bool Takes(this KvType type, int headDim) => !type.IsQuantized() || headDim % Group == 0;
}
