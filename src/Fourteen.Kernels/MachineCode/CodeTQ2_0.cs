using Fourteen.Kernels.MatMul;
using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using TQ2_0 = Fourteen.Kernels.MatMul.TileTQ2_0;

namespace Fourteen.Kernels.MachineCode;

/// <summary>The tile of <see cref="MatMul.TileTQ2_0"/>: its layout, and its float term to the bit.</summary>
internal static class CodeTQ2_0
{
    private const uint OnePairs = 0x00010001;

    internal static TileCode Tile { get; } = new(ActivationSums.Of32, Assemble);

    private static byte[] Assemble(TileAssembler tile) => tile.AssembleBlocks256(
        TQ2_0.BlockBytes, 8 * sizeof(short), () =>
        {
            Products(tile);
            Subtract(tile);
            CodeQ6_K.Terms(tile, TQ2_0.DAt);
        });

    /// <summary>Dot = Σ q·x of all columns.</summary>
    private static void Products(TileAssembler tile)
    {
        BitWeights.LoadTwoMasks(tile);
        tile.ClearDots();
        for (int u = 0; u < 16; u++)
            BitWeights.MultiplyTwo(tile, u * BitPlanes.Bytes, u * 16);
    }

    /// <summary>Sum = Dot − Σ x.</summary>
    private static void Subtract(TileAssembler tile)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM ones = Scratch(0);
        tile.Load(ones, OnePairs);
        tile.ForEach(token =>
        {
            tile.Clear(Sum(token));
            for (int pair = 0; pair < 4; pair++)
                code.vpdpwssd(Sum(token), ones, Sums(token, pair * 4));
            code.vpsubd(Sum(token), Dot(token), Sum(token));
        });
    }
}
