using System.Runtime.InteropServices;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// What a tile of machine code is called with, by one pointer; <see cref="TileAssembler"/> counts the fields. Strides
/// are bytes from one token to the next.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    /// <summary>Packed blocks of 16 rows.</summary>
    internal byte* Group;

    /// <summary>Blocks of a row; 1 or more.</summary>
    internal nint Blocks;

    /// <summary>Activations: 8-bit quants, a scale a block, and sums of quants in the form that the type wants.
    /// </summary>
    internal sbyte* Quants;
    internal nint QuantStride;
    internal float* Scales;
    internal nint ScaleStride;
    internal void* Sums;
    internal nint SumStride;

    /// <summary>[tokens, 16 of many rows].</summary>
    internal float* Output;
    internal nint OutputStride;

    /// <summary>Memory that is wanted next.</summary>
    internal byte* Prefetch;
}
