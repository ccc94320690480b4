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
    private const uint ThirdBits = 0x04040404;
    private const uint SecondBits = 0x02020202;
    private const uint TwoBits = 0x03030303;
    private const byte OrAnd = 0xF8; // A | (B & C)
    private const byte AndOr = 0xEA; // (A & B) | C

    private static AssemblerRegisterZMM HighMask => Scratch(6);

    private static AssemblerRegisterZMM LowMask => Scratch(7);

    /// <summary>Fills the masks of <see cref="MultiplyFive"/>, before the first of a block.</summary>
    internal static void LoadFiveMasks(TileAssembler tile)
    {
        tile.Load(LowMask, Nibbles.Low);
        tile.Load(HighMask, FifthBits);
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
            code.vpandd(weights, weights, HighMask);
            code.vpternlogd(weights, nibbles, LowMask, OrAnd);
            tile.Multiply(weights, column + (quad * 4));
        }
    }

    /// <summary>Fills the masks of <see cref="MultiplyThree"/>, before the first of a block.</summary>
    internal static void LoadThreeMasks(TileAssembler tile)
    {
        tile.Load(LowMask, TwoBits);
        tile.Load(HighMask, ThirdBits);
    }

    /// <summary>
    /// Dot += 16 columns of three-bit weights: two bits at <paramref name="lowAt"/> of the group, and at
    /// <paramref name="highAt"/> the third bits of the 32 columns that they belong to.
    /// </summary>
    internal static void MultiplyThree(TileAssembler tile, int lowAt, int highAt, int column)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM low = Scratch(0), weights = Scratch(1), bits = Scratch(2);
        code.vmovdqu32(low, __zmmword_ptr[Group(lowAt)]);
        code.vmovdqu32(bits, __zmmword_ptr[Group(highAt)]);
        for (int quad = 0; quad < 4; quad++)
        {
            if (quad > 0)
                code.vpsrld(low, low, 2);
            MoveBits(code, weights, bits, 2 - quad - (column / 16 % 2 * 4));
            code.vpandd(weights, weights, HighMask);
            code.vpternlogd(weights, low, LowMask, OrAnd);
            tile.Multiply(weights, column + (quad * 4));
        }
    }

    /// <summary>Fills the mask and the first table index of each row, before the first of a block.</summary>
    internal static void LoadTwoMasks(TileAssembler tile)
    {
        tile.Load(LowMask, TwoBits);
        tile.LoadTable(HighMask, [0, 0x04040404, 0x08080808, 0x0C0C0C0C]);
    }

    /// <summary>Dot += 16 columns of two-bit weights at <paramref name="offset"/> of the group.</summary>
    /// <param name="table">Four bytes of each row, one of which is multiplied in place of the two bits.</param>
    internal static void MultiplyTwo(TileAssembler tile, int offset, int column, AssemblerRegisterZMM? table = null)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM bits = Scratch(0), weights = Scratch(1);
        code.vmovdqu32(bits, __zmmword_ptr[Group(offset)]);
        for (int quad = 0; quad < 4; quad++)
        {
            MoveBits(code, weights, bits, -2 * quad);
            if (table is { } bytes)
            {
                code.vpternlogd(weights, LowMask, HighMask, AndOr);
                code.vpshufb(weights, bytes, weights);
            }
            else
            {
                code.vpandd(weights, weights, LowMask);
            }

            tile.Multiply(weights, column + (quad * 4));
        }
    }

    /// <summary>Fills the mask of <see cref="MultiplyOne"/>, before the first of a block.</summary>
    internal static void LoadOneMask(TileAssembler tile) => tile.Load(LowMask, SecondBits);

    /// <summary>Dot += 32 columns of weights 0 or 2, one bit each, at <paramref name="offset"/> of the group.</summary>
    internal static void MultiplyOne(TileAssembler tile, int offset, int column)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM bits = Scratch(0), weights = Scratch(1);
        code.vmovdqu32(bits, __zmmword_ptr[Group(offset)]);
        for (int quad = 0; quad < 8; quad++)
        {
            MoveBits(code, weights, bits, 1 - quad);
            code.vpandd(weights, weights, LowMask);
            tile.Multiply(weights, column + (quad * 4));
        }
    }

    /// <summary>target = bits shifted to the left; to the right where <paramref name="left"/> is negative.</summary>
    internal static void MoveBits(Assembler code, AssemblerRegisterZMM target, AssemblerRegisterZMM bits, int left)
    {
        if (left > 0)
            code.vpslld(target, bits, (byte)left);
        else if (left < 0)
            code.vpsrld(target, bits, (byte)-left);
        else
            code.vmovdqa32(target, bits);
    }
}
