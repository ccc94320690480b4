using Fourteen.Engine.Scheduling;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

public sealed class StepCostsTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(500);

    [Fact]
    public void PromptTokens_NothingMeasured_AreTheFewest()
    {
        Assert.Equal(StepCosts.PromptTokensMin, new StepCosts().PromptTokens(0, Bound));
    }

    [Fact]
    public void PromptTokens_WithStreams_LeaveTimeForThese()
    {
        var costs = new StepCosts();
        costs.Add(0, 0, true, Milliseconds(100));
        costs.Add(100, 99, true, Milliseconds(300)); // 2 ms a token
        Assert.InRange(costs.PromptTokens(50, Bound), 99, 100); // 500 · 0.6 − 100 = 200 ms
        Assert.Equal(StepCosts.PromptTokensMin, costs.PromptTokens(50, Milliseconds(100)));
    }

    [Fact]
    public void PromptTokens_Deeper_AreFewerBeforeTheyAreMeasured()
    {
        var costs = new StepCosts();
        costs.Add(100, 99, false, Milliseconds(100));
        Assert.InRange(costs.PromptTokens(0, Bound), 299, 300);
        Assert.InRange(costs.PromptTokens(300, Bound), 149, 150);
        Assert.InRange(costs.PromptTokens(600, Bound), 74, 75);
        costs.Add(100, 350, false, Milliseconds(110));
        Assert.InRange(costs.PromptTokens(300, Bound), 272, 273);
        Assert.InRange(costs.PromptTokens(600, Bound), 135, 137);
    }

    /// <summary>
    /// A machine whose token costs a + b · depth, with noise and a change of speed: steps with a
    /// choice are nearly all within the bound, and they use most of it.
    /// </summary>
    [Theory]
    [InlineData(0.0005, 0)]
    [InlineData(0.0005, 2e-7)]
    [InlineData(0.004, 1e-6)]
    public void PromptTokens_OfAScriptedMachine_KeepTheBound(double a, double b)
    {
        const double Decode = 0.05;
        var random = new Random(3);
        var costs = new StepCosts();
        costs.Add(0, 0, true, TimeSpan.FromSeconds(Decode));
        int depth = 0, late = 0, planned = 0;
        double total = 0;
        while (depth < 32_000)
        {
            double speed = (depth > 16_000 ? 1.5 : 1) * (0.95 + (0.1 * random.NextDouble()));
            int count = Math.Min(512, costs.PromptTokens(depth, Bound));
            double seconds = speed * (Decode + (count * (a + (b * depth))));
            depth += count;
            costs.Add(count, depth - 1, true, TimeSpan.FromSeconds(seconds));
            if (count == StepCosts.PromptTokensMin)
                continue; // There was no choice.
            planned++;
            late += seconds > Bound.TotalSeconds ? 1 : 0;
            total += seconds;
        }

        Assert.True(late <= 2, $"{late} of {planned} steps were late");
        double mean = total / planned;
        Assert.True(mean > 0.5 * Math.Min(Bound.TotalSeconds, Decode + (512 * a)), $"{mean} s a step");
    }

    private static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);
}
