using Fourteen.Kernels.MatMul;
using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// Weights in the layouts of <see cref="BitPlanes"/> and <see cref="FiveBits"/>. Uses scratch registers 0 to 2, and 6
/// and 7 for masks.
/// </summary>
internal static class BitWeights
{
    private const uint FifthBits = 0x10101010;
    private const byte OrAnd = 0xF8; // A | (B & C)

    private static AssemblerRegisterZMM FifthMask => Scratch(6);

    /// <summary>Fills the masks of <see cref="MultiplyFive"/>, before the first of a block.</summary>
    internal static void LoadFiveMasks(TileAssembler tile)
    {
        tile.Load(Nibbles.Mask, Nibbles.Low);
        tile.Load(FifthMask, FifthBits);
    }

    /// <summary>Dot += 32 columns of five-bit weights at <paramref name="offset"/> of the group.</summary>
    internal static void MultiplyFive(TileAssembler tile, int offset, int column)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM nibbles = Scratch(0), weights = Scratch(1), bits = Scratch(2);
        code.vmovdqu32(bits, __zmmword_ptr[Group(offset + FiveBits.BitsAt)]);
        for (int quad = 0; quad < 8; quad++)
        {
            if (quad % 2 == 0)
                code.vmovdqu32(nibbles, __zmmword_ptr[Group(offset + (quad / 2 * 64))]);
            else
                code.vpsrld(nibbles, nibbles, 4);
            MoveBits(code, weights, bits, 4 - quad);
            code.vpandd(weights, weights, FifthMask);
            code.vpternlogd(weights, nibbles, Nibbles.Mask, OrAnd);
            tile.Multiply(weights, column + (quad * 4));
        }
    }

    /// <summary>target = bits shifted to the left; to the right where <paramref name="left"/> is negative.</summary>
    private static void MoveBits(Assembler code, AssemblerRegisterZMM target, AssemblerRegisterZMM bits, int left)
    {
        if (left > 0)
            code.vpslld(target, bits, (byte)left);
        else if (left < 0)
            code.vpsrld(target, bits, (byte)-left);
        else
            code.vmovdqa32(target, bits);
    }
}
