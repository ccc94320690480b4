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

    private static byte[] Assemble(TileAssembler tile) => tile.Assemble(
        Q6_K.BlockBytes, 256, 16 * sizeof(short), 1, () => { }, () =>
        {
            Products(tile);
            Offsets(tile);
            Terms(tile);
        }, () => { });

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
            tile.ForEach(token => tile.Clear(Dot(token)));
            code.vmovdqu32(bits, __zmmword_ptr[Group(Q6_K.HighAt + (sub * 64))]);
            for (int quad = 0; quad < 4; quad++)
            {
                if (quad % 2 == 0)
                    code.vmovdqu32(nibbles, __zmmword_ptr[Group((sub * 128) + (quad / 2 * 64))]);
                else
                    code.vpsrld(nibbles, nibbles, 4);
                Align(code, weights, bits, quad);
                code.vpandd(weights, weights, highMask);
                code.vpternlogd(weights, nibbles, Nibbles.Mask, LowAndMaskOrHigh);
                tile.Multiply(weights, (sub * 16) + (quad * 4));
            }

            code.vpmovsxbd(scale, __xmmword_ptr[Group(Q6_K.ScalesAt + (sub * 16))]);
            bool first = sub == 0;
            tile.ForEach(token => code.vpmulld(first ? Sum(token) : Dot(token), Dot(token), scale));
            if (!first)
                tile.ForEach(token => code.vpaddd(Sum(token), Sum(token), Dot(token)));
        }
    }

    /// <summary>Brings the two bits of a quad to bits 4 and 5 of each byte.</summary>
    private static void Align(Assembler code, AssemblerRegisterZMM target, AssemblerRegisterZMM bits, int quad)
    {
        switch (quad)
        {
            case 0:
                code.vpslld(target, bits, 4);
                break;
            case 1:
                code.vpslld(target, bits, 2);
                break;
            case 2:
                code.vmovdqa32(target, bits);
                break;
            default:
                code.vpsrld(target, bits, 2);
                break;
        }
    }

    /// <summary>Sum −= 32 · Σ_u sc_u · (Σ x), two sub-blocks at a time.</summary>
    private static void Offsets(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM even = Scratch(0), odd = Scratch(1);
        tile.ForEach(token => tile.Clear(Dot(token)));
        for (int pair = 0; pair < 8; pair++)
        {
            code.vpmovsxbd(even, __xmmword_ptr[Group(Q6_K.ScalesAt + (pair * 32))]);
            code.vpmovsxbd(odd, __xmmword_ptr[Group(Q6_K.ScalesAt + (pair * 32) + 16)]);
            code.vpandd(even, even, tile.Constant(0xFFFF));
            code.vpslld(odd, odd, 16);
            code.vpord(even, even, odd);
            int sums = pair * 4;
            tile.ForEach(token => code.vpdpwssd(Dot(token), even, Sums(token, sums)));
        }

        tile.ForEach(token => code.vpslld(Dot(token), Dot(token), 5));
        tile.ForEach(token => code.vpsubd(Sum(token), Sum(token), Dot(token)));
    }

    /// <summary>total += (d · dx) · sum.</summary>
    private static void Terms(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM d = Scratch(0), term = Scratch(1);
        tile.LoadHalves(d, Q6_K.DAt);
        tile.ForEach(token =>
        {
            code.vcvtdq2ps(Sum(token), Sum(token));
            code.vmulps(term, d, Scale(token));
            code.vmulps(term, term, Sum(token));
            code.vaddps(Total(token), Total(token), term);
        });
    }
}
