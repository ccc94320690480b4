using Fourteen.Engine.Sampling;
using Xunit;

namespace Fourteen.Engine.Tests.Sampling;

public sealed class SamplingOptionsTests
{
    public static TheoryData<string, SamplingOptions> Illegal => new()
    {
        { "temperature must be a finite number, 0 or more, found -0.1.", new() { Temperature = -0.1 } },
        { "temperature must be a finite number, 0 or more, found NaN.", new() { Temperature = double.NaN } },
        { "top_k must be 0 (off) or more, found -1.", new() { TopK = -1 } },
        { "top_p must be above 0 and at most 1 (off), found 0.", new() { TopP = 0 } },
        { "top_p must be above 0 and at most 1 (off), found 1.5.", new() { TopP = 1.5 } },
        { "top_p must be above 0 and at most 1 (off), found NaN.", new() { TopP = double.NaN } },
        { "min_p must be between 0 (off) and 1, found 1.1.", new() { MinP = 1.1 } },
        { "typical_p must be above 0 and at most 1 (off), found -1.", new() { TypicalP = -1 } },
        { "top_n_sigma must be a finite number, 0 (off) or more, found -1.", new() { TopNSigma = -1 } },
        { "repetition_penalty must be a finite number above 0 (1 is off), found 0.", new() { RepetitionPenalty = 0 } },
        { "presence_penalty must be a finite number (0 is off), found NaN.", new() { PresencePenalty = double.NaN } },
        {
            "frequency_penalty must be a finite number (0 is off), found Infinity.",
            new() { FrequencyPenalty = double.PositiveInfinity }
        },
        { "mirostat_tau must be a finite number above 0, or absent (off), found 0.", new() { MirostatTau = 0 } },
        { "mirostat_eta must be a finite number, 0 or more, found -1.", new() { MirostatEta = -1 } },
        {
            "logit_bias of token 4 must be a finite number, or -inf to ban the token, found NaN.",
            new() { LogitBias = new Dictionary<int, double> { [4] = double.NaN } }
        },
        {
            "logit_bias must be given for token ids, which are 0 or more, found -4.",
            new() { LogitBias = new Dictionary<int, double> { [-4] = 1 } }
        },
        {
            "order must name each step at most once, found TopK twice.",
            new() { Order = [SamplingStep.TopK, SamplingStep.TopK] }
        },
        { "order must be made of known steps, found 99.", new() { Order = [(SamplingStep)99] } },
    };

    [Theory]
    [MemberData(nameof(Illegal), DisableDiscoveryEnumeration = true)]
    public void FindProblem_OfAnIllegalValue_NamesOptionRangeAndValue(string expected, SamplingOptions options) =>
        Assert.Equal(expected, options.FindProblem());

    [Fact]
    public void FindProblem_OfDefaultsAndEdges_IsNull()
    {
        Assert.Null(new SamplingOptions().FindProblem());
        Assert.Null(SamplingOptions.Greedy.FindProblem());
        var edges = new SamplingOptions
        {
            TopP = 1,
            MinP = 1,
            TypicalP = 1,
            PresencePenalty = -2,
            LogitBias = new Dictionary<int, double> { [0] = double.NegativeInfinity },
        };
        Assert.Null(edges.FindProblem());
    }

    [Fact]
    public void DefaultOrder_NamesEveryStep() =>
        Assert.Equal(Enum.GetValues<SamplingStep>(), SamplingOptions.DefaultOrder.Order());
}
