using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;
using Xunit;
using static Fourteen.Kernels.Tests.Operators.OperatorTests;

namespace Fourteen.Kernels.Tests.Operators;

/// <summary>Attention: vector paths against the scalar definition to the bit, and that against double precision.
/// </summary>
public sealed class AttentionTests
{
    public static TheoryData<IsaPath> Paths() => new(Isa.BestFirst);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Attention_OnEveryPath_MatchesScalarToTheBit(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        foreach (KvType type in Enum.GetValues<KvType>())
        {
            foreach (int headDim in ((int[])[20, 64, 80, 96, 128, 256]).Where(size => type.Takes(size)))
            {
                using AttentionCase actual = new(path, type, headDim, 300);
                actual.AssertBits(AttentionCase.Scalar(type, headDim, 300));
            }
        }
    }

    [Fact]
    public void Attention_InFloats_MatchesDoublePrecision()
    {
        using AttentionCase run = new(Isa.Selected, KvType.F32, 64, 300);
        run.CompareWithDoublePrecision((expected, actual) => Near(expected, actual, 1));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(5, 5, 3)]
    [InlineData(32, 1, 20)]
    [InlineData(22, 2, 80)] // 2 tokens of 11 heads share a reading of the keys.
    [InlineData(40, 8, 128)]
    public void Attention_OfAnyHeads_MatchesDoublePrecision(int heads, int kvHeads, int headDim)
    {
        foreach (int length in (int[])[1, 31, 33, 257, 290])
        {
            using AttentionCase run = new(Isa.Selected, KvType.F32, headDim, length, heads, kvHeads);
            run.CompareWithDoublePrecision((expected, actual) => Near(expected, actual, 1));
        }
    }

    /// <summary>Windows smaller than a cache block, at its edge, across it, and longer than a piece of 256.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(100)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(1000)]
    public void Attention_WithAWindow_MatchesDoublePrecision(int window)
    {
        foreach (int length in (int[])[1, 64, 600])
        {
            using AttentionCase run = new(Isa.Selected, KvType.F32, 64, length, window: window);
            run.CompareWithDoublePrecision((expected, actual) => Near(expected, actual, 1));
        }
    }

    [Fact]
    public void Attention_WithASoftCap_MatchesDoublePrecision()
    {
        using AttentionCase run = new(Isa.Selected, KvType.F32, 80, 300, window: 70, softCap: 0.2f);
        run.CompareWithDoublePrecision((expected, actual) => Near(expected, actual, 1));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Attention_WithWindowAndCap_MatchesScalarToTheBitWhateverTheChunks(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        foreach (KvType type in Enum.GetValues<KvType>())
        {
            foreach (int headDim in ((int[])[64, 80, 96, 128, 256]).Where(size => type.Takes(size)))
            {
                IReadOnlyList<int[]> expected = AttentionCase.Scalar(type, headDim, 330, window: 45, softCap: 5);
                foreach (int chunk in (int[])[1, 37, 330])
                {
                    using AttentionCase actual =
                        new(path, type, headDim, 330, window: 45, softCap: 5, chunk: chunk);
                    actual.AssertBits(expected);
                }
            }
        }
    }
}
