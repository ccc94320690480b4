using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;
using Q4_K = Fourteen.Kernels.MatMul.TileQ4_K;

namespace Fourteen.Kernels.MachineCode;

/// <summary>The tile of <see cref="MatMul.TileQ4_K"/>: its layout, and its float term to the bit.</summary>
internal static class CodeQ4_K
{
    internal static TileCode Tile { get; } = new(ActivationSums.Of32, Assemble);

    private static byte[] Assemble(TileAssembler tile) => tile.Assemble(
        Q4_K.BlockBytes, 256, 8 * sizeof(short), 1, () => { }, () =>
        {
            Products(tile);
            Minimums(tile);
            Terms(tile);
        }, () => { });

    /// <summary>Sum = Σ_j sc_j · (Σ q·x) over eight sub-blocks of 32 columns.</summary>
    private static void Products(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM scale = Scratch(0);
        tile.Load(Nibbles.Mask, Nibbles.Low);
        for (int sub = 0; sub < 8; sub++)
        {
            tile.ForEach(token => tile.Clear(Dot(token)));
            for (int vector = 0; vector < 4; vector++)
                Nibbles.Multiply(tile, (sub * 256) + (vector * 64), (sub * 32) + (vector * 8));
            code.vpmovzxbd(scale, __xmmword_ptr[Group(Q4_K.ScalesAt + (sub * 16))]);
            bool first = sub == 0;
            tile.ForEach(token => code.vpmulld(first ? Sum(token) : Dot(token), Dot(token), scale));
            if (!first)
                tile.ForEach(token => code.vpaddd(Sum(token), Sum(token), Dot(token)));
        }
    }

    /// <summary>Dot = Σ_j m_j · (Σ x), two sub-blocks at a time.</summary>
    private static void Minimums(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM minimums = Scratch(0);
        tile.ForEach(token => tile.Clear(Dot(token)));
        for (int pair = 0; pair < 4; pair++)
        {
            code.vpmovzxbw(minimums, __ymmword_ptr[Group(Q4_K.MinimumsAt + (pair * 32))]);
            int sums = pair * 4;
            tile.ForEach(token => code.vpdpwssd(Dot(token), minimums, Sums(token, sums)));
        }
    }

    /// <summary>total += (d · dx) · products − (dmin · dx) · minimums, each operation rounded on its own.</summary>
    private static void Terms(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM d = Scratch(0), dmin = Scratch(1), first = Scratch(2), second = Scratch(3);
        tile.LoadHalves(d, Q4_K.DAt);
        tile.LoadHalves(dmin, Q4_K.DminAt);
        tile.ForEach(token =>
        {
            code.vcvtdq2ps(Sum(token), Sum(token));
            code.vcvtdq2ps(Dot(token), Dot(token));
            code.vmulps(first, d, Scale(token));
            code.vmulps(second, dmin, Scale(token));
            code.vmulps(first, first, Sum(token));
            code.vmulps(second, second, Dot(token));
            code.vsubps(first, first, second);
            code.vaddps(Total(token), Total(token), first);
        });
    }
}
