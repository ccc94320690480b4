using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;
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

    /// <summary>Σ weight · (index + 1) over the experts of one token, in double precision.</summary>
    private static double Factor(float[] scores, int used)
    {
        int[] best = [.. Enumerable.Range(0, scores.Length).OrderByDescending(e => scores[e]).Take(used)];
        double sum = best.Sum(e => Math.Exp(scores[e]));
        return best.Sum(e => Math.Exp(scores[e]) / sum * (e + 1));
    }
}
