using Fourteen.Kernels.MatMul;
using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;
using IQ4_XS = Fourteen.Kernels.MatMul.TileIQ4_XS;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// The tile of <see cref="MatMul.TileIQ4_XS"/>: its layout, and its float term to the bit. The 128 that each weight is
/// too large by is taken from the sum of a whole block.
/// </summary>
internal static class CodeIQ4_XS
{
    internal static TileCode Tile { get; } = new(ActivationSums.Of32, Assemble);

    private static byte[] Assemble(TileAssembler tile) => tile.AssembleBlocks256(
        IQ4_XS.BlockBytes, 8 * sizeof(short), () =>
        {
            Products(tile);
            CodeQ6_K.Offsets(tile, IQ4_XS.ScalesAt, pairs: 4, shift: 7);
            CodeQ6_K.Terms(tile, IQ4_XS.DAt);
        });

    /// <summary>Sum = Σ_j sc_j · (Σ (level + 128)·x) over eight sub-blocks of 32 columns: below 2^28.</summary>
    private static void Products(TileAssembler tile)
    {
        AssemblerRegisterZMM scale = Scratch(0);
        LevelWeights.Load(tile);
        for (int sub = 0; sub < 8; sub++)
        {
            tile.ClearDots();
            LevelWeights.Multiply32(tile, sub * PackNibbles.Bytes32, sub * 32);
            tile.Code.vpmovsxbd(scale, __xmmword_ptr[Group(IQ4_XS.ScalesAt + (sub * 16))]);
            tile.AddScaled(scale, first: sub == 0);
        }
    }
}
