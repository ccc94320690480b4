using System.Runtime.InteropServices;
using Fourteen.Kernels.Quantization;
using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// Weights of <see cref="MatMul.LevelDot"/>. VPDPBUSD wants them unsigned, so each is multiplied as level + 128. Uses
/// scratch registers 0 and 1, 6 for the table and 7 for the mask.
/// </summary>
internal static class LevelWeights
{
    private static AssemblerRegisterZMM Table => Scratch(6);

    /// <summary>Fills mask and table, before the first of a block.</summary>
    internal static void Load(TileAssembler tile)
    {
        Span<byte> bytes = stackalloc byte[16];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(BlockIQ4_NL.Levels[i] + 128);
        tile.Load(Nibbles.Mask, Nibbles.Low);
        tile.LoadTable(Table, MemoryMarshal.Cast<byte, uint>(bytes));
    }

    /// <summary>Dot += Σ (level + 128)·x of 32 columns at <paramref name="offset"/> of the group.</summary>
    internal static void Multiply32(TileAssembler tile, int offset, int column)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM low = Scratch(0), high = Scratch(1);
        for (int vector = 0; vector < 4; vector++)
        {
            code.vmovdqu32(high, __zmmword_ptr[Group(offset + (vector * 64))]);
            code.vpandd(low, high, Nibbles.Mask);
            code.vpsrld(high, high, 4);
            code.vpandd(high, high, Nibbles.Mask);
            code.vpshufb(low, Table, low);
            code.vpshufb(high, Table, high);
            tile.Multiply(low, column + (vector * 8));
            tile.Multiply(high, column + (vector * 8) + 4);
        }
    }
}
