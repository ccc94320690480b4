using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;
using Q2_K = Fourteen.Kernels.MatMul.TileQ2_K;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// The tile of <see cref="MatMul.TileQ2_K"/>: its layout, and its float term to the bit. A weight times its scale is at
/// most 3 · 15, so bytes of weights are multiplied by their scales in place of each token's sums: a VPSHUFB looks up
/// 0, sc, 2·sc or 3·sc among the four bytes of its row.
/// </summary>
internal static class CodeQ2_K
{
    private const uint Multiples = 0x03020100;

    internal static TileCode Tile { get; } = new(ActivationSums.Of16, Assemble);

    private static byte[] Assemble(TileAssembler tile) => tile.AssembleBlocks256(
        Q2_K.BlockBytes, 16 * sizeof(short), () =>
        {
            Products(tile);
            Minimums(tile);
            CodeQ4_K.Terms(tile, Q2_K.DAt, Q2_K.DminAt);
        });

    /// <summary>Sum = Σ_u (Σ (sc_u·q)·x) over sixteen sub-blocks of 16 columns.</summary>
    private static void Products(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM pairs = Scratch(2), table = Scratch(3), scaleMask = Scratch(4), multiples = Scratch(5);
        tile.Load(scaleMask, 0x0F);
        tile.Load(multiples, Multiples);
        BitWeights.LoadTwoMasks(tile);
        tile.ClearDots();
        for (int sub = 0; sub < 16; sub++)
        {
            if (sub % 2 == 0)
                code.vpmovzxbw(pairs, __ymmword_ptr[Group(Q2_K.ScalesAt + (sub * 16))]);
            else
                code.vpsrld(pairs, pairs, 16);
            code.vpandd(table, pairs, scaleMask);
            code.vpmulld(table, table, multiples);
            BitWeights.MultiplyTwo(tile, sub * MatMul.BitPlanes.Bytes, sub * 16, table);
        }

        tile.ForEach(token => code.vmovdqa32(Sum(token), Dot(token)));
    }

    /// <summary>Dot = Σ_u m_u · (Σ x), two sub-blocks at a time.</summary>
    private static void Minimums(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM minimums = Scratch(0);
        tile.ClearDots();
        for (int pair = 0; pair < 8; pair++)
        {
            code.vpmovzxbw(minimums, __ymmword_ptr[Group(Q2_K.ScalesAt + (pair * 32))]);
            code.vpsrlw(minimums, minimums, 4);
            int sums = pair * 4;
            tile.ForEach(token => code.vpdpwssd(Dot(token), minimums, Sums(token, sums)));
        }
    }
}
