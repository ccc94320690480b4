using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Xunit;
using static Fourteen.Kernels.Tests.Operators.OperatorTests;

namespace Fourteen.Kernels.Tests.Operators;

/// <summary>Experts of tokens: chosen, gathered and combined as a plain evaluation of each token alone does it.
/// </summary>
public sealed class ExpertRoutingTests
{
    [Theory]
    [InlineData(1, 8, 2)]
    [InlineData(7, 8, 2)]
    [InlineData(33, 128, 8)]
    [InlineData(5, 4, 4)]
    [InlineData(3, 1, 1)]
    public void Combine_OfScaledRows_MatchesEachTokenAlone(int rows, int experts, int used)
    {
        const int Columns = 19;
        using FloatMatrix scores = Random(rows, experts, seed: 1, scale: 8), x = Random(rows, Columns, seed: 2);
        using FloatMatrix gathered = new(rows * used, Columns), result = new(rows, Columns);
        var routing = new ExpertRouting(experts, used, rows);
        routing.Choose(scores);
        routing.Gather(x, gathered);
        int previous = -1, row = 0;
        foreach (ExpertRows part in routing.Active)
        {
            Assert.True(part.Expert > previous && part.FirstRow == row);
            (previous, row) = (part.Expert, row + part.Count);
            for (int i = part.FirstRow; i < part.FirstRow + part.Count; i++)
            {
                foreach (ref float value in gathered.Row(i))
                    value *= part.Expert + 1; // What this expert does.
            }
        }

        Assert.Equal(rows * used, row);
        routing.Combine(gathered, result);
        for (int t = 0; t < rows; t++)
        {
            double factor = Factor(scores.Row(t).ToArray(), used);
            for (int c = 0; c < Columns; c++)
                Near(factor * x.Row(t)[c], result.Row(t)[c], experts + 1);
        }
    }

    [Fact]
    public void Choose_EqualScores_TakesLowerIndices()
    {
        using FloatMatrix scores = new(1, 6);
        scores.Row(0).Fill(1);
        var routing = new ExpertRouting(6, 3, 1);
        routing.Choose(scores);
        Assert.Equal([0, 1, 2], routing.Active.ToArray().Select(part => part.Expert));
    }

    [Fact]
    public void Choose_ScoresThatAreNoNumbers_StaysWithinTheExperts()
    {
        foreach (float broken in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            using FloatMatrix scores = new(2, 5);
            scores.Row(0).Fill(broken);
            scores.Row(1).Clear();
            scores.Row(1)[3] = broken;
            var routing = new ExpertRouting(5, 2, 2);
            routing.Choose(scores);
            Assert.Equal(4, routing.Active.ToArray().Sum(part => part.Count));
            Assert.All(routing.Active.ToArray(), part => Assert.InRange(part.Expert, 0, 4));
        }
    }

    [Theory]
    [InlineData(1, 4, 2)]
    [InlineData(37, 128, 8)]
    [InlineData(9, 1024, 64)]
    public void Combine_VectorsAndWorkers_EqualsSeparateProductsAndSumsToTheBit(int rows, int experts, int used)
    {
        const int Columns = 29;
        using FloatMatrix scores = Random(rows, experts, seed: 3, scale: 6);
        using FloatMatrix gathered = Random(rows * used, Columns, seed: 4), result = new(rows, Columns);
        using var pool = new WorkerPool(2);
        var routing = new ExpertRouting(experts, used, rows, pool);
        routing.Choose(scores);
        (int Place, float Weight)[][] shares = Shares(routing, rows, used);
        routing.Combine(gathered, result);
        for (int t = 0; t < rows; t++)
        {
            Assert.Equal(1, shares[t].Sum(share => share.Weight), 1e-5);
            for (int c = 0; c < Columns; c++)
            {
                float sum = 0;
                foreach ((int place, float weight) in shares[t])
                    sum += gathered.Row(place)[c] * weight;
                Assert.Equal(sum, result.Row(t)[c]);
            }
        }
    }

    [Fact]
    public void Choose_TokensTogether_GivesEachTheWeightsItHasAlone()
    {
        const int Rows = 21, Experts = 60, Used = 6;
        using FloatMatrix scores = Random(Rows, Experts, seed: 7, scale: 6), one = new(1, Experts);
        using var pool = new WorkerPool(2);
        var together = new ExpertRouting(Experts, Used, Rows, pool);
        var alone = new ExpertRouting(Experts, Used, 1);
        together.Choose(scores);
        (int Place, float Weight)[][] shares = Shares(together, Rows, Used);
        for (int t = 0; t < Rows; t++)
        {
            scores.Row(t).CopyTo(one.Row(0));
            alone.Choose(one);
            int[] experts = [.. shares[t].Select(share => ExpertOf(together, share.Place))];
            Assert.Equal(alone.Active.ToArray().Select(part => part.Expert), experts);
            Assert.Equal(Shares(alone, 1, Used)[0].Select(share => share.Weight), shares[t].Select(s => s.Weight));
        }
    }

    [Fact]
    public void Choose_OneScoreThatIsNoNumber_MakesThatTokensWeightsNoNumbers()
    {
        using FloatMatrix scores = Random(3, 10, seed: 1), gathered = Random(9, 8, seed: 2), result = new(3, 8);
        scores.Row(1)[4] = float.NaN;
        var routing = new ExpertRouting(10, 3, 3);
        routing.Choose(scores);
        routing.Combine(gathered, result);
        Assert.All(result.Row(1).ToArray(), value => Assert.True(float.IsNaN(value)));
        Assert.All([.. result.Row(0), .. result.Row(2)], value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1025, 2)]
    [InlineData(8, 0)]
    [InlineData(8, 9)]
    [InlineData(128, 65)]
    public void Constructor_NumbersOutsideTheLimits_AreRefused(int experts, int used) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExpertRouting(experts, used, 4));

    [Fact]
    public void Steps_MatricesOfOtherShapes_AreRefused()
    {
        var routing = new ExpertRouting(8, 2, 4);
        using FloatMatrix five = Random(5, 8, 1), wide = Random(4, 9, 1), scores = Random(4, 8, 1);
        using FloatMatrix three = Random(3, 8, 1), gathered = Random(8, 8, 1), short7 = Random(7, 8, 1);
        Assert.Throws<ArgumentException>(() => routing.Choose(five));
        Assert.Throws<ArgumentException>(() => routing.Choose(wide));
        routing.Choose(scores);
        Assert.Throws<ArgumentException>(() => routing.Gather(three, gathered));
        Assert.Throws<ArgumentException>(() => routing.Gather(wide, gathered));
        Assert.Throws<ArgumentOutOfRangeException>(() => routing.Gather(scores, short7));
        Assert.Throws<ArgumentException>(() => routing.Combine(short7, scores));
    }

    /// <summary>
    /// The gathered rows of each token with their weights, ascending by expert: what comes out where one gathered row
    /// is 1 and all others are 0.
    /// </summary>
    private static (int Place, float Weight)[][] Shares(ExpertRouting routing, int rows, int used)
    {
        int places = rows * used;
        using FloatMatrix unit = new(places, places), weights = new(rows, places);
        for (int place = 0; place < places; place++)
        {
            unit.Row(place).Clear();
            unit.Row(place)[place] = 1;
        }

        routing.Combine(unit, weights);
        return
        [
            .. Enumerable.Range(0, rows).Select(t => weights.Row(t).ToArray()
                .Select((weight, place) => (Place: place, Weight: weight)).Where(share => share.Weight != 0).ToArray()),
        ];
    }

    private static int ExpertOf(ExpertRouting routing, int place)
    {
        foreach (ExpertRows part in routing.Active)
        {
            if (place >= part.FirstRow && place < part.FirstRow + part.Count)
                return part.Expert;
        }

        return -1;
    }

    /// <summary>Σ weight · (index + 1) over the experts of one token, in double precision.</summary>
    private static double Factor(float[] scores, int used)
    {
        int[] best = [.. Enumerable.Range(0, scores.Length).OrderByDescending(e => scores[e]).Take(used)];
        double sum = best.Sum(e => Math.Exp(scores[e]));
        return best.Sum(e => Math.Exp(scores[e]) / sum * (e + 1));
    }
}
