using Fourteen.Engine.Sampling;
using Xunit;

namespace Fourteen.Engine.Tests.Sampling;

public sealed class SamplerTests
{
    /// <summary>
    /// Probabilities, absolute: a logit that a penalty rewrites is rounded to float32 (relative 6e-8 of at most 60).
    /// </summary>
    private const double Tolerance = 4e-6;

    private static readonly int[] Vocabularies = [1, 2, 7, 8, 9, 31, 100, 511, 512, 513, 1025, 4095, 4096, 4103, 9001];

    [Fact]
    public void Distribution_OnRandomOptions_MatchesTheReference()
    {
        for (int seed = 0; seed < 600; seed++)
        {
            var random = new Random(seed);
            int vocabulary = Vocabularies[seed % Vocabularies.Length];
            float[] logits = RandomLogits(random, vocabulary);
            int[] prompt = RandomIds(random, vocabulary);
            int[] output = RandomIds(random, vocabulary);
            SamplingOptions options = RandomOptions(random, vocabulary);
            double[] expected = ReferenceChain.Distribution(options, logits, prompt, output);

            var sampler = new Sampler(options, vocabulary, vocabulary, prompt);
            foreach (int id in output)
                sampler.Accept(id);
            var actual = new double[vocabulary];
            sampler.Distribution(logits, actual);

            for (int id = 0; id < vocabulary; id++)
            {
                if (Math.Abs(expected[id] - actual[id]) > Tolerance)
                    Assert.Fail($"seed {seed}, vocabulary {vocabulary}, token {id}: expected {expected[id]}, "
                        + $"found {actual[id]}; {options}, order {string.Join(' ', options.Order)}");
            }
        }
    }

    [Fact]
    public void Sample_OnRandomOptions_DrawsByAscendingIdFromTheDistribution()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            int vocabulary = Vocabularies[seed % Vocabularies.Length];
            float[] logits = RandomLogits(random, vocabulary);
            SamplingOptions options = RandomOptions(random, vocabulary) with { Seed = (ulong)seed };
            var sampler = new Sampler(options, vocabulary, vocabulary, []);
            var distribution = new double[vocabulary];
            sampler.Distribution([.. logits], distribution);
            double uniform = SequenceRandom.Uniform((ulong)seed, 77);

            int token = sampler.Sample(logits, 77);

            double before = distribution.Take(token).Sum();
            Assert.True(distribution[token] > 0, $"seed {seed}: token {token} has probability 0");
            Assert.InRange(uniform, before - 1e-12, before + distribution[token] + 1e-12);
        }
    }

    [Fact]
    public void Sample_WithTheSameSeedAndPosition_GivesTheSameToken()
    {
        var options = new SamplingOptions { Temperature = 1.5, Seed = 7 };
        float[] logits = RandomLogits(new Random(3), 5000);
        int[] first = Draws(options, logits, 64);

        Assert.Equal(first, Draws(options, logits, 64));
        Assert.NotEqual(first, Draws(options with { Seed = 8 }, logits, 64));
        Assert.True(first.Distinct().Count() > 8, "the position changes the draw");
    }

    [Fact]
    public void Sample_AtFixedSeeds_GivesTheseTokensOnEveryMachine()
    {
        // Dyadic logits are exact wherever this runs; the tokens were computed apart, in Python with its own Philox.
        float[] logits = [.. Enumerable.Range(0, 3000).Select(i => (float)((i * 7919 % 3001) / 256.0))];
        var options = new SamplingOptions { Temperature = 0.75, TopP = 0.98, Seed = 20250731 };

        Assert.Equal([551, 205, 61, 521, 1725, 2727, 1174, 2082], Draws(options, logits, 8));
    }

    [Fact]
    public void Sample_WithPadding_NeverReadsOrDrawsIt()
    {
        float[] logits = [1, 2, 3, 100, float.NaN];
        var sampler = new Sampler(new SamplingOptions { Temperature = 5 }, 5, 3, []);
        for (ulong position = 0; position < 200; position++)
            Assert.InRange(sampler.Sample([.. logits], position), 0, 2);
        Assert.Equal(2, new Sampler(SamplingOptions.Greedy, 5, 3, []).Sample([.. logits], 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    [InlineData(4999)]
    public void Sample_WithNaN_NamesItsPlace(int place)
    {
        foreach (SamplingOptions options in EveryKindOfOptions())
        {
            var logits = new float[5000];
            logits[place] = float.NaN;
            SamplingException error = Assert.Throws<SamplingException>(
                () => new Sampler(options, 5000, 5000, []).Sample(logits, 0));
            Assert.Contains($"place {place} of 5000 is not a number", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Sample_WithEveryTokenRuledOut_Throws()
    {
        foreach (SamplingOptions options in EveryKindOfOptions())
        {
            foreach (int vocabulary in new[] { 1, 5000 })
            {
                var logits = new float[vocabulary];
                Array.Fill(logits, float.NegativeInfinity);
                SamplingException error = Assert.Throws<SamplingException>(
                    () => new Sampler(options, vocabulary, vocabulary, []).Sample(logits, 0));
                Assert.Contains("every token is ruled out", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Sample_WithABanOnTheOnlyToken_Throws()
    {
        var options = new SamplingOptions { LogitBias = new Dictionary<int, double> { [1] = double.NegativeInfinity } };
        float[] logits = [float.NegativeInfinity, 3];
        Assert.Throws<SamplingException>(() => new Sampler(options, 2, 2, []).Sample(logits, 0));
    }

    [Fact]
    public void Distribution_WithInfiniteLogits_SharesAmongThem()
    {
        foreach (SamplingOptions options in EveryKindOfOptions().Where(o => o.Temperature > 0 && o.TopP == 1))
        {
            var logits = new float[5000];
            logits[17] = logits[4321] = float.PositiveInfinity;
            var probabilities = new double[5000];
            new Sampler(options, 5000, 5000, []).Distribution(logits, probabilities);
            Assert.Equal(0.5, probabilities[17]);
            Assert.Equal(0.5, probabilities[4321]);
        }

        Assert.Equal(1, new Sampler(SamplingOptions.Greedy, 3, 3, []).Sample([5, float.PositiveInfinity, 9], 0));
    }

    [Fact]
    public void Penalties_OfPresenceAndFrequency_LeaveThePromptAlone()
    {
        // The case of a prompt that repeats the right answer: counting it would make token 1 win.
        foreach (SamplingOptions options in new[]
        {
            SamplingOptions.Greedy with { PresencePenalty = 2 },
            SamplingOptions.Greedy with { FrequencyPenalty = 2 },
        })
        {
            var sampler = new Sampler(options, 2, 2, [0, 0, 0]);
            Assert.Equal(0, sampler.Sample([15.73f, 14.74f], 0));
            sampler.Accept(0);
            Assert.Equal(1, sampler.Sample([15.73f, 14.74f], 1));
        }
    }

    [Fact]
    public void Mirostat_AfterADraw_MovesItsBound()
    {
        var options = new SamplingOptions { MirostatTau = 3, MirostatEta = 0.5 };
        var sampler = new Sampler(options, 4, 4, []);
        Assert.Equal(6, sampler.MirostatMu);

        sampler.Sample(new float[4], 0); // Four equals: a surprise of 2 bits.

        Assert.Equal(6 - 0.5 * (2 - 3), sampler.MirostatMu!.Value, 1e-12); // Mirostat is on.
        Assert.Null(new Sampler(SamplingOptions.Greedy, 4, 4, []).MirostatMu);
    }

    [Fact]
    public void Sample_AfterWarmUp_AllocatesNothing()
    {
        foreach (SamplingOptions options in EveryKindOfOptions())
        {
            float[] logits = RandomLogits(new Random(1), 20_000);
            var row = new float[logits.Length];
            var sampler = new Sampler(options, logits.Length, logits.Length, [1, 2, 3]);
            long before = 0;
            for (ulong position = 0; position < 12; position++)
            {
                if (position == 4)
                    before = GC.GetAllocatedBytesForCurrentThread();
                logits.CopyTo(row, 0);
                sampler.Accept(sampler.Sample(row, position));
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Sampler_WithAnIllegalOptionOrId_NamesIt()
    {
        Assert.Contains("top_p", ProblemOf(new SamplingOptions { TopP = 0 }), StringComparison.Ordinal);
        var bias = new SamplingOptions { LogitBias = new Dictionary<int, double> { [10] = 1 } };
        Assert.Contains("Token 10 in logit_bias", ProblemOf(bias), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Sampler(SamplingOptions.Greedy, 10, 10, [3, -1]));
        Assert.Throws<ArgumentException>(() => new Sampler(SamplingOptions.Greedy, 10, 10, []).Accept(10));
        Assert.Throws<ArgumentException>(() => new Sampler(SamplingOptions.Greedy, 10, 10, []).Sample(new float[9], 0));
    }

    private static string ProblemOf(SamplingOptions options) =>
        Assert.ThrowsAny<ArgumentException>(() => new Sampler(options, 10, 10, [])).Message;

    private static int[] Draws(SamplingOptions options, float[] logits, int count)
    {
        var sampler = new Sampler(options, logits.Length, logits.Length, []);
        return [.. Enumerable.Range(0, count).Select(i => sampler.Sample([.. logits], (ulong)i))];
    }

    private static SamplingOptions[] EveryKindOfOptions() =>
    [
        SamplingOptions.Greedy,
        new(),
        new() { Temperature = 0.6, TopK = 20, TopP = 0.95 },
        new() { TopK = 3000 },
        new() { TopP = 0.9 },
        new() { MinP = 0.1 },
        new() { TypicalP = 0.9 },
        new() { TopNSigma = 2 },
        new() { MirostatTau = 5 },
        new() { RepetitionPenalty = 1.1, PresencePenalty = 1, FrequencyPenalty = 0.5 },
        new() { LogitBias = new Dictionary<int, double> { [0] = 1 } },
    ];

    private static float[] RandomLogits(Random random, int vocabulary)
    {
        double spread = 0.5 + 8 * random.NextDouble();
        double banned = random.Next(3) == 0 ? 0.3 : 0;
        var logits = new float[vocabulary];
        for (int i = 0; i < vocabulary; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())); // Box and Muller
            double normal = radius * Math.Cos(2 * Math.PI * random.NextDouble());
            bool isBanned = i > 0 && random.NextDouble() < banned;
            logits[i] = isBanned ? float.NegativeInfinity : (float)(spread * normal);
        }

        if (random.Next(5) == 0)
            Array.Sort(logits);
        return logits;
    }

    private static int[] RandomIds(Random random, int vocabulary) =>
        [.. Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(vocabulary))];

    private static SamplingOptions RandomOptions(Random random, int vocabulary)
    {
        SamplingStep[] order = [.. SamplingOptions.DefaultOrder];
        if (random.Next(2) == 0)
            random.Shuffle(order);
        bool Often() => random.Next(3) == 0;
        return new SamplingOptions
        {
            Order = order,
            Temperature = Often() ? 0 : 0.3 + 2 * random.NextDouble(),
            TopK = Often() ? 1 + random.Next(vocabulary + 1) : 0,
            TopP = Often() ? 0.05 + 0.9 * random.NextDouble() : 1,
            MinP = Often() ? 0.3 * random.NextDouble() : 0,
            TypicalP = Often() ? 0.05 + 0.9 * random.NextDouble() : 1,
            TopNSigma = Often() ? 0.5 + 2 * random.NextDouble() : 0,
            RepetitionPenalty = Often() ? 0.8 + random.NextDouble() : 1,
            PresencePenalty = Often() ? 4 * random.NextDouble() - 2 : 0,
            FrequencyPenalty = Often() ? 2 * random.NextDouble() - 1 : 0,
            MirostatTau = Often() ? 0.2 + 6 * random.NextDouble() : null,
            LogitBias = Often()
                ? new Dictionary<int, double> { [random.Next(vocabulary)] = 3 }
                : new Dictionary<int, double>(),
        };
    }
}
