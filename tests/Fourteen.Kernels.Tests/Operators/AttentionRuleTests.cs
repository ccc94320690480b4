using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Xunit;
using static Fourteen.Kernels.Tests.Operators.OperatorTests;

namespace Fourteen.Kernels.Tests.Operators;

/// <summary>
/// Windows and soft caps over head sizes, ratios of heads and storage types, and that a token's result depends on its
/// position alone.
/// </summary>
public sealed class AttentionRuleTests
{
    /// <summary>40 and 72 fill no whole number of vectors of 16; odd ones: <see cref="AttentionTests"/>.</summary>
    private static readonly int[] HeadSizes = [40, 64, 72, 80, 96, 128, 256];

    private static readonly (int Window, float SoftCap)[] Rules = [(0, 0), (7, 0), (0, 2), (70, 0.5f), (257, 3)];

    public static TheoryData<IsaPath> Paths() => new(Isa.BestFirst);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Run_HeadSizesRatiosAndRules_MatchScalarToTheBit(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        int turn = 0;
        foreach (int headDim in HeadSizes)
        {
            foreach (int ratio in (int[])[1, 4, 8])
            {
                (int window, float softCap) = Rules[turn++ % Rules.Length];
                foreach (KvType type in Enum.GetValues<KvType>().Where(type => type.Takes(headDim)))
                {
                    using var actual = new AttentionCase(path, type, headDim, 261, ratio, 1, window, softCap);
                    actual.AssertBits(AttentionCase.Scalar(type, headDim, 261, ratio, 1, window, softCap));
                }
            }
        }
    }

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.F32)]
    [InlineData(KvType.Q8_0)]
    [InlineData(KvType.Q4_0)]
    public void Run_HeadSizesRatiosAndRules_MatchDoublePrecision(KvType type)
    {
        int turn = 0;
        foreach (int headDim in HeadSizes.Where(size => type.Takes(size)))
        {
            foreach (int ratio in (int[])[1, 4, 8])
            {
                (int window, float softCap) = Rules[turn++ % Rules.Length];
                using var run = new AttentionCase(IsaPath.Scalar, type, headDim, 270, ratio, 1, window, softCap);
                run.CompareWithDoublePrecision((expected, actual) => Near(expected, actual, 1), everyRow: 29);
            }
        }
    }

    /// <summary>Windows at, below and above blocks of 32 and pieces of 256; every row, across two piece borders.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(224)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(512)]
    public void Run_WindowsAtTheBordersOfPieces_MatchDoublePrecisionInEveryRow(int window)
    {
        using var run = new AttentionCase(Isa.Selected, KvType.F32, 8, 523, 4, 1, window);
        run.CompareWithDoublePrecision((expected, actual) => Near(expected, actual, 1), everyRow: 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(96)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(0)]
    public void Run_InChunks_EqualsTheWholeToTheBit(int window)
    {
        foreach (KvType type in Enum.GetValues<KvType>())
        {
            int headDim = type.Takes(40) ? 40 : 32;
            using var whole = new AttentionCase(Isa.Selected, type, headDim, 600, 4, 2, window, softCap: 4);
            foreach (int chunk in (int[])[1, 31, 256, 257])
            {
                using var chunked = new AttentionCase(
                    Isa.Selected, type, headDim, 600, 4, 2, window, softCap: 4, chunk: chunk);
                AssertSameBits(whole.Output, chunked.Output);
            }
        }
    }

    /// <summary>Sequences of a step share nothing, and what lies before a window is not even looked up.</summary>
    [Fact]
    public void Run_TwoSequencesWhoseOldBlocksAreGone_EqualsEachAlone()
    {
        const int HeadDim = 40, Window = 100, Gone = -1;
        using var store = new KvStore(1, 1, HeadDim, KvType.F16, 20);
        using var pool = new WorkerPool(2);
        using var attention = new Kernels.Operators.Attention(pool, Isa.Selected, 4, store);
        // Positions 299 … 301 see 200 … 301: blocks 6 … 9. Positions 511 and 512 see 412 … 512: blocks 12 … 16.
        AttentionSpan first = new(0, 3, 299, [.. Enumerable.Repeat(Gone, 6), 3, 0, 2, 1]);
        AttentionSpan second = new(3, 2, 511, [.. Enumerable.Repeat(Gone, 12), 9, 11, 10, 12, 8]);
        using var writer = new KvWriter(pool, store);
        Fill(store, writer, first, seed: 1);
        Fill(store, writer, second, seed: 2);
        using FloatMatrix queries = Random(5, 4 * HeadDim, seed: 3), together = new(5, 4 * HeadDim);
        using FloatMatrix alone = new(5, 4 * HeadDim);
        var rule = new AttentionRule(0.2f, Window, 3);
        attention.Run(0, [first, second], queries, together, rule);
        foreach (AttentionSpan span in (AttentionSpan[])[first, second])
        {
            attention.Run(0, [span], queries, alone, rule);
            for (int row = span.FirstRow; row < span.FirstRow + span.Count; row++)
                Assert.Equal(Bits(alone.Row(row)), Bits(together.Row(row)));
        }
    }

    [Fact]
    public void Run_NegativeWindowOrCap_IsRefused()
    {
        using var store = new KvStore(1, 1, 8, KvType.F32, 1);
        using var pool = new WorkerPool(1);
        using var attention = new Kernels.Operators.Attention(pool, Isa.Selected, 1, store);
        using FloatMatrix queries = Random(1, 8, seed: 1), output = new(1, 8);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => attention.Run(0, [], queries, output, new AttentionRule(1, Window: -1)));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => attention.Run(0, [], queries, output, new AttentionRule(1, SoftCap: -1)));
    }

    /// <summary>Writes random keys and values to every position of the blocks that a span still has.</summary>
    private static void Fill(KvStore store, KvWriter writer, in AttentionSpan span, int seed)
    {
        for (int i = 0; i < span.Blocks.Count; i++)
        {
            if (span.Blocks[i] < 0)
                continue;
            store.Touch(span.Blocks[i]);
            using FloatMatrix keys = Random(KvStore.BlockTokens, store.HeadDim, (seed * 100) + i);
            using FloatMatrix values = Random(KvStore.BlockTokens, store.HeadDim, (seed * 1000) + i);
            var block = new AttentionSpan(0, KvStore.BlockTokens, i * KvStore.BlockTokens, span.Blocks);
            writer.Run(0, [block], keys, values);
        }
    }

    private static void AssertSameBits(FloatMatrix expected, FloatMatrix actual)
    {
        for (int row = 0; row < expected.Rows; row++)
            Assert.Equal(Bits(expected.Row(row)), Bits(actual.Row(row)));
    }
}
