using Fourteen.Kernels.MatMul;
using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;
using Q3_K = Fourteen.Kernels.MatMul.TileQ3_K;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// The tile of <see cref="MatMul.TileQ3_K"/>: its layout, and its float term to the bit. The 4 that each weight is too
/// large by is taken from the sum of a whole block.
/// </summary>
internal static class CodeQ3_K
{
    internal static TileCode Tile { get; } = new(ActivationSums.Of16, Assemble);

    private static byte[] Assemble(TileAssembler tile) => tile.AssembleBlocks256(
        Q3_K.BlockBytes, 16 * sizeof(short), () =>
        {
            Products(tile);
            CodeQ6_K.Offsets(tile, Q3_K.ScalesAt, pairs: 8, shift: 2);
            CodeQ6_K.Terms(tile, Q3_K.DAt);
        });

    /// <summary>Sum = Σ_u sc_u · (Σ q·x) over sixteen sub-blocks of 16 columns, q from 0 to 7.</summary>
    private static void Products(TileAssembler tile)
    {
        AssemblerRegisterZMM scale = Scratch(0);
        BitWeights.LoadThreeMasks(tile);
        for (int sub = 0; sub < 16; sub++)
        {
            tile.ClearDots();
            BitWeights.MultiplyThree(
                tile, sub * BitPlanes.Bytes, Q3_K.HighAt + (sub / 2 * BitPlanes.Bytes), sub * 16);
            tile.Code.vpmovsxbd(scale, __xmmword_ptr[Group(Q3_K.ScalesAt + (sub * 16))]);
            tile.AddScaled(scale, first: sub == 0);
        }
    }
}
