using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;
using Q6_K = Fourteen.Kernels.MatMul.TileQ6_K;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// The tile of <see cref="MatMul.TileQ6_K"/>: its layout, and its float term to the bit. The 32 that each weight is too
/// large by is taken from the sum of a whole block.
/// </summary>
internal static class CodeQ6_K
{
    private const uint HighBits = 0x30303030;
    private const byte LowAndMaskOrHigh = 0xF8; // A | (B & C)

    internal static TileCode Tile { get; } = new(ActivationSums.Of16, Assemble);

    private static byte[] Assemble(TileAssembler tile) => tile.AssembleBlocks256(
        Q6_K.BlockBytes, 16 * sizeof(short), () =>
        {
            Products(tile);
            Offsets(tile, Q6_K.ScalesAt, pairs: 8, shift: 5);
            Terms(tile, Q6_K.DAt);
        });

    /// <summary>Sum = Σ_u sc_u · (Σ q·x) over sixteen sub-blocks of 16 columns, q from 0 to 63.</summary>
    private static void Products(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM nibbles = Scratch(0), bits = Scratch(1), weights = Scratch(2), scale = Scratch(3);
        AssemblerRegisterZMM highMask = Scratch(6);
        tile.Load(Nibbles.Mask, Nibbles.Low);
        tile.Load(highMask, HighBits);
        for (int sub = 0; sub < 16; sub++)
        {
            tile.ClearDots();
            code.vmovdqu32(bits, __zmmword_ptr[Group(Q6_K.HighAt + (sub * 64))]);
            for (int quad = 0; quad < 4; quad++)
            {
                if (quad % 2 == 0)
                    code.vmovdqu32(nibbles, __zmmword_ptr[Group((sub * 128) + (quad / 2 * 64))]);
                else
                    code.vpsrld(nibbles, nibbles, 4);
                BitWeights.MoveBits(code, weights, bits, 4 - (2 * quad)); // to bits 4 and 5 of each byte
                code.vpandd(weights, weights, highMask);
                code.vpternlogd(weights, nibbles, Nibbles.Mask, LowAndMaskOrHigh);
                tile.Multiply(weights, (sub * 16) + (quad * 4));
            }

            code.vpmovsxbd(scale, __xmmword_ptr[Group(Q6_K.ScalesAt + (sub * 16))]);
            tile.AddScaled(scale, first: sub == 0);
        }
    }

    /// <summary>Sum −= 2^shift · Σ_u sc_u · (Σ x), two sub-blocks at a time.</summary>
    internal static void Offsets(TileAssembler tile, int scalesAt, int pairs, byte shift)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM even = Scratch(0), odd = Scratch(1);
        tile.ClearDots();
        for (int pair = 0; pair < pairs; pair++)
        {
            code.vpmovsxbd(even, __xmmword_ptr[Group(scalesAt + (pair * 32))]);
            code.vpmovsxbd(odd, __xmmword_ptr[Group(scalesAt + (pair * 32) + 16)]);
            code.vpandd(even, even, tile.Constant(0xFFFF));
            code.vpslld(odd, odd, 16);
            code.vpord(even, even, odd);
            int sums = pair * 4;
            tile.ForEach(token => code.vpdpwssd(Dot(token), even, Sums(token, sums)));
        }

        tile.ForEach(token => code.vpslld(Dot(token), Dot(token), shift));
        tile.ForEach(token => code.vpsubd(Sum(token), Sum(token), Dot(token)));
    }

    /// <summary>total += (d · dx) · sum.</summary>
    internal static void Terms(TileAssembler tile, int dAt)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM d = Scratch(0), term = Scratch(1);
        tile.LoadHalves(d, dAt);
        tile.ForEach(token =>
        {
            code.vcvtdq2ps(Sum(token), Sum(token));
            code.vmulps(term, d, Scale(token));
            code.vmulps(term, term, Sum(token));
            code.vaddps(Total(token), Total(token), term);
        });
    }
}
