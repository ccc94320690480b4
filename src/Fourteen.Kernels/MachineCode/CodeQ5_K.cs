using Fourteen.Kernels.MatMul;
using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;
using Q5_K = Fourteen.Kernels.MatMul.TileQ5_K;

namespace Fourteen.Kernels.MachineCode;

/// <summary>The tile of <see cref="MatMul.TileQ5_K"/>: its layout, and its float term to the bit.</summary>
internal static class CodeQ5_K
{
    internal static TileCode Tile { get; } = new(ActivationSums.Of32, Assemble);

    private static byte[] Assemble(TileAssembler tile) => tile.AssembleBlocks256(
        Q5_K.BlockBytes, 8 * sizeof(short), () =>
        {
            Products(tile);
            CodeQ4_K.Minimums(tile, Q5_K.MinimumsAt);
            CodeQ4_K.Terms(tile, Q5_K.DAt, Q5_K.DminAt);
        });

    /// <summary>Sum = Σ_j sc_j · (Σ q·x) over eight sub-blocks of 32 columns.</summary>
    private static void Products(TileAssembler tile)
    {
        AssemblerRegisterZMM scale = Scratch(0);
        BitWeights.LoadFiveMasks(tile);
        for (int sub = 0; sub < 8; sub++)
        {
            tile.ClearDots();
            BitWeights.MultiplyFive(tile, sub * FiveBits.Bytes32, sub * 32);
            tile.Code.vpmovzxbd(scale, __xmmword_ptr[Group(Q5_K.ScalesAt + (sub * 16))]);
            tile.AddScaled(scale, first: sub == 0);
        }
    }
}
