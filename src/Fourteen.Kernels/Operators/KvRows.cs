using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// How attention reads 32 neighbouring numbers of the cache: the positions of one channel of keys, or 32 channels of
/// one position of values. They come as vectors of the first 16 (<see cref="Low"/>) and the last 16
/// (<see cref="High"/>).
/// </summary>
internal unsafe interface IKvRows
{
    /// <summary>Bits of one number.</summary>
    static abstract int Bits { get; }

    /// <summary>
    /// Whether each position has one half-precision scale for 32 channels, [headDim / 32, 32 positions], behind the
    /// keys of a block and behind its values; what is read, times the scale, is what is stored.
    /// </summary>
    static abstract bool Scaled { get; }

    /// <summary>Numbers <paramref name="lane"/> and on, below 16.</summary>
    static abstract TF Low<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct;

    /// <summary>Numbers 16 + <paramref name="lane"/> and on.</summary>
    static abstract TF High<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct;

    /// <summary>The one number at <paramref name="lane"/>, 0 … 31.</summary>
    static abstract float At(byte* row, int lane);
}

/// <summary>Floats.</summary>
internal readonly unsafe struct F32Rows : IKvRows
{
    public static int Bits => 32;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Low<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.LoadFloat((float*)row + lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF High<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.LoadFloat((float*)row + 16 + lane);

    public static float At(byte* row, int lane) => ((float*)row)[lane];
}

/// <summary>
/// Halves, read as their 2^−112th part: the multiplication that would correct the exponent's bias is saved, and made up
/// for by the factors of <see cref="AttentionKernel"/> on the few numbers of the other side.
/// </summary>
internal readonly unsafe struct F16Rows : IKvRows
{
    public static int Bits => 16;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Low<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.LoadHalfTiny(row + (2 * lane));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF High<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.LoadHalfTiny(row + 32 + (2 * lane));

    public static float At(byte* row, int lane) =>
        BitConverter.Int32BitsToSingle((((short*)row)[lane] << 13) & unchecked((int)0x8FFFE000));
}

/// <summary>Signed bytes with scales.</summary>
internal readonly unsafe struct Q8_0Rows : IKvRows
{
    public static int Bits => 8;

    public static bool Scaled => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Low<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.ToFloat(TL.LoadSignedBytes((sbyte*)row + lane));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF High<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.ToFloat(TL.LoadSignedBytes((sbyte*)row + 16 + lane));

    public static float At(byte* row, int lane) => ((sbyte*)row)[lane];
}

/// <summary>Four bits, 8 too large, with scales: number i and number 16 + i share byte i, the first in its low half.
/// </summary>
internal readonly unsafe struct Q4_0Rows : IKvRows
{
    public static int Bits => 4;

    public static bool Scaled => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF Low<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.NibbleToFloat(TL.LoadBytes(row + lane));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TF High<TL, TI, TF>(byte* row, int lane)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct => TL.NibbleToFloat(TL.ShiftRight(TL.LoadBytes(row + lane), 4));

    public static float At(byte* row, int lane) => ((row[lane & 15] >> (lane < 16 ? 0 : 4)) & 15) - 8;
}
