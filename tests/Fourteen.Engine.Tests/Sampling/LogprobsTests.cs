using Fourteen.Engine.Sampling;
using Xunit;

namespace Fourteen.Engine.Tests.Sampling;

public sealed class LogprobsTests
{
    /// <summary>Natural logarithm, absolute: double precision over some thousand terms.</summary>
    private const double Tolerance = 1e-12;

    [Fact]
    public void Of_AndTop_MatchADoublePrecisionLogSoftmax()
    {
        foreach (int vocabulary in new[] { 1, 3, 8, 600, 5000 })
        {
            var random = new Random(vocabulary);
            float[] logits = [.. Enumerable.Range(0, vocabulary).Select(_ => (float)(40 * random.NextDouble() - 20))];
            double logSum = Math.Log(logits.Sum(z => Math.Exp(z)));
            int[] ids = [.. Enumerable.Range(0, vocabulary)];
            var all = new double[vocabulary];

            Logprobs.Of(logits, ids, all);
            TokenLogprob[] top = Logprobs.Top(logits, 20);

            for (int id = 0; id < vocabulary; id++)
                Assert.Equal(logits[id] - logSum, all[id], Tolerance);
            int[] best = [.. ids.OrderByDescending(id => logits[id]).Take(20)];
            Assert.Equal(best, top.Select(token => token.Id));
            Assert.Equal(best.Select(id => all[id]), top.Select(token => token.Logprob));
        }
    }

    [Fact]
    public void Top_OfEquals_TakesLowIdsFirst()
    {
        TokenLogprob[] top = Logprobs.Top([1, 2, 2, 1, 2], 4);
        Assert.Equal([1, 2, 4, 0], top.Select(token => token.Id));
    }

    [Fact]
    public void Top_WithMaskedLogits_LeavesThemOutAndStaysFinite()
    {
        float[] logits = [float.NegativeInfinity, 2, float.NegativeInfinity, -1e30f, float.NegativeInfinity];
        TokenLogprob[] top = Logprobs.Top(logits, 20);
        Assert.Equal([new TokenLogprob(1, 0), new TokenLogprob(3, Logprobs.Impossible)], top);

        var some = new double[2];
        Logprobs.Of(logits, [0, 1], some);
        Assert.Equal([Logprobs.Impossible, 0], some);
    }

    [Fact]
    public void Of_WithInfiniteLogits_SharesAmongThem()
    {
        var logprobs = new double[2];
        Logprobs.Of([float.PositiveInfinity, 1, float.PositiveInfinity], [0, 1], logprobs);
        Assert.Equal([-Math.Log(2), Logprobs.Impossible], logprobs);
    }

    [Fact]
    public void Top_WithNaN_Throws() => Assert.Throws<SamplingException>(() => Logprobs.Top([1, float.NaN], 1));
}
