using Iced.Intel;
using static Fourteen.Kernels.MachineCode.TileAssembler;
using static Iced.Intel.AssemblerRegisters;
using IQ4_NL = Fourteen.Kernels.MatMul.TileIQ4_NL;
using Q1_0 = Fourteen.Kernels.MatMul.TileQ1_0;
using Q4_0 = Fourteen.Kernels.MatMul.TileQ4_0;
using Q4_1 = Fourteen.Kernels.MatMul.TileQ4_1;
using Q5_0 = Fourteen.Kernels.MatMul.TileQ5_0;
using Q5_1 = Fourteen.Kernels.MatMul.TileQ5_1;
using Q8_0 = Fourteen.Kernels.MatMul.TileQ8_0;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// The tiles of types with blocks of 32 columns, as <see cref="MatMul.Block32Tile{TB}"/> has them: terms of blocks are
/// added within 256 columns (in Sum), and these sums in order (in Total).
/// </summary>
internal static class CodeBlock32
{
    private const uint SignBits = 0x80808080;

    internal static TileCode Q1_0Tile { get; } = new(
        ActivationSums.Block, tile => Assemble(tile, Q1_0.BlockBytes, () =>
        {
            BitWeights.LoadOneMask(tile);
            tile.ClearDots();
            BitWeights.MultiplyOne(tile, 0, 0);
            SubtractSums(tile, shift: 0); // q − 1
            Terms(tile, Q1_0.ScalesAt, null);
        }));

    internal static TileCode Q4_0Tile { get; } = new(
        ActivationSums.Block, tile => Assemble(tile, Q4_0.BlockBytes, () =>
        {
            NibbleProducts(tile);
            SubtractSums(tile, shift: 3); // q − 8
            Terms(tile, Q4_0.ScalesAt, null);
        }));

    internal static TileCode Q4_1Tile { get; } = new(
        ActivationSums.ScaledBlock, tile => Assemble(tile, Q4_1.BlockBytes, () =>
        {
            NibbleProducts(tile);
            Terms(tile, Q4_1.ScalesAt, Q4_1.MinimumsAt);
        }));

    internal static TileCode Q5_0Tile { get; } = new(
        ActivationSums.Block, tile => Assemble(tile, Q5_0.BlockBytes, () =>
        {
            FiveBitProducts(tile);
            SubtractSums(tile, shift: 4); // q − 16
            Terms(tile, Q5_0.ScalesAt, null);
        }));

    internal static TileCode Q5_1Tile { get; } = new(
        ActivationSums.ScaledBlock, tile => Assemble(tile, Q5_1.BlockBytes, () =>
        {
            FiveBitProducts(tile);
            Terms(tile, Q5_1.ScalesAt, Q5_1.MinimumsAt);
        }));

    internal static TileCode IQ4_NLTile { get; } = new(
        ActivationSums.Block, tile => Assemble(tile, IQ4_NL.BlockBytes, () =>
        {
            LevelWeights.Load(tile);
            tile.ClearDots();
            LevelWeights.Multiply32(tile, 0, 0);
            SubtractSums(tile, shift: 7); // level + 128 was multiplied
            Terms(tile, IQ4_NL.ScalesAt, null);
        }));

    internal static TileCode Q8_0Tile { get; } = new(
        ActivationSums.Block, tile => Assemble(tile, Q8_0.BlockBytes, () =>
        {
            ByteProducts(tile);
            SubtractSums(tile, shift: 7); // q + 128 was multiplied
            Terms(tile, Q8_0.ScalesAt, null);
        }));

    private static byte[] Assemble(TileAssembler tile, int blockBytes, Action block)
    {
        Assembler code = tile.Code;
        return tile.Assemble(
            blockBytes, 32, sizeof(float), 8, () => tile.ForEach(token => tile.Clear(Sum(token))), block,
            () => tile.ForEach(token => code.vaddps(Total(token), Total(token), Sum(token))));
    }

    private static void NibbleProducts(TileAssembler tile)
    {
        tile.Load(Nibbles.Mask, Nibbles.Low);
        tile.ClearDots();
        for (int vector = 0; vector < 4; vector++)
            Nibbles.Multiply(tile, vector * 64, vector * 8);
    }

    private static void FiveBitProducts(TileAssembler tile)
    {
        BitWeights.LoadFiveMasks(tile);
        tile.ClearDots();
        BitWeights.MultiplyFive(tile, 0, 0);
    }

    /// <summary>VPDPBUSD wants unsigned weights: with the sign bit turned over they are 128 too large.</summary>
    private static void ByteProducts(TileAssembler tile)
    {
        AssemblerRegisterZMM weights = Scratch(0), signs = Scratch(7);
        tile.Load(signs, SignBits);
        tile.ClearDots();
        for (int quad = 0; quad < 8; quad++)
        {
            tile.Code.vpxord(weights, signs, __zmmword_ptr[Group(quad * 64)]);
            tile.Multiply(weights, quad * 4);
        }
    }

    /// <summary>Dot −= (Σ x) · 2^shift.</summary>
    private static void SubtractSums(TileAssembler tile, byte shift)
    {
        AssemblerRegisterZMM sums = Scratch(2);
        tile.ForEach(token =>
        {
            tile.Code.vpslld(sums, Sums(token, 0), shift);
            tile.Code.vpsubd(Dot(token), Dot(token), sums);
        });
    }

    /// <summary>Sum += (d · dx) · dot, and + m · (dx · Σ x) where the type has minimums.</summary>
    private static void Terms(TileAssembler tile, int scalesAt, int? minimumsAt)
    {
        Assembler code = tile.Code;
        AssemblerRegisterZMM d = Scratch(0), m = Scratch(1), term = Scratch(2), minimum = Scratch(3);
        tile.LoadHalves(d, scalesAt);
        if (minimumsAt is { } at)
            tile.LoadHalves(m, at);
        tile.ForEach(token =>
        {
            code.vcvtdq2ps(Dot(token), Dot(token));
            code.vmulps(term, d, Scale(token));
            code.vmulps(term, term, Dot(token));
            if (minimumsAt is not null)
            {
                code.vmulps(minimum, m, Sums(token, 0));
                code.vaddps(term, term, minimum);
            }

            code.vaddps(Sum(token), Sum(token), term);
        });
    }
}
