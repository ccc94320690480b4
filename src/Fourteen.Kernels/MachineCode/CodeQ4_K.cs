using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;
using Q4_K = Fourteen.Kernels.MatMul.TileQ4_K;

namespace Fourteen.Kernels.MachineCode;

/// <summary>The tile of <see cref="MatMul.TileQ4_K"/>: its layout, and its float term to the bit.</summary>
internal static class CodeQ4_K
{
    internal static TileCode Tile { get; } = new(ActivationSums.Of32, Assemble);

    private static byte[] Assemble(TileAssembler tile) => tile.AssembleBlocks256(
        Q4_K.BlockBytes, 8 * sizeof(short), () =>
        {
            Products(tile);
            Minimums(tile, Q4_K.MinimumsAt);
            Terms(tile, Q4_K.DAt, Q4_K.DminAt);
        });

    /// <summary>Sum = Σ_j sc_j · (Σ q·x) over eight sub-blocks of 32 columns.</summary>
    private static void Products(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM scale = Scratch(0);
        tile.Load(Nibbles.Mask, Nibbles.Low);
        for (int sub = 0; sub < 8; sub++)
        {
            tile.ClearDots();
            for (int vector = 0; vector < 4; vector++)
                Nibbles.Multiply(tile, (sub * 256) + (vector * 64), (sub * 32) + (vector * 8));
            code.vpmovzxbd(scale, __xmmword_ptr[Group(Q4_K.ScalesAt + (sub * 16))]);
            tile.AddScaled(scale, first: sub == 0);
        }
    }

    /// <summary>Dot = Σ_j m_j · (Σ x), two sub-blocks at a time.</summary>
    internal static void Minimums(TileAssembler tile, int minimumsAt)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM minimums = Scratch(0);
        tile.ClearDots();
        for (int pair = 0; pair < 4; pair++)
        {
            code.vpmovzxbw(minimums, __ymmword_ptr[Group(minimumsAt + (pair * 32))]);
            int sums = pair * 4;
            tile.ForEach(token => code.vpdpwssd(Dot(token), minimums, Sums(token, sums)));
        }
    }

    /// <summary>total += (d · dx) · products − (dmin · dx) · minimums, each operation rounded on its own.</summary>
    internal static void Terms(TileAssembler tile, int dAt, int dminAt)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM d = Scratch(0), dmin = Scratch(1), first = Scratch(2), second = Scratch(3);
        tile.LoadHalves(d, dAt);
        tile.LoadHalves(dmin, dminAt);
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
