using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;

namespace Fourteen.Kernels.MachineCode;

/// <summary>Four-bit weights in the layout of <see cref="MatMul.PackNibbles"/>. Uses scratch registers 0 and 1.
/// </summary>
internal static class Nibbles
{
    internal const uint Low = 0x0F0F0F0F;

    /// <summary>Holds <see cref="Low"/> while products are emitted.</summary>
    internal static AssemblerRegisterZMM Mask => Scratch(7);

    /// <summary>Dot += eight columns: 64 bytes at <paramref name="offset"/> of the group.</summary>
    internal static void Multiply(TileAssembler tile, int offset, int column)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM low = Scratch(0), high = Scratch(1);
        code.vmovdqu32(high, __zmmword_ptr[Group(offset)]);
        code.vpandd(low, high, Mask);
        code.vpsrld(high, high, 4);
        code.vpandd(high, high, Mask);
        tile.Multiply(low, column);
        tile.Multiply(high, column + 4);
    }
}
