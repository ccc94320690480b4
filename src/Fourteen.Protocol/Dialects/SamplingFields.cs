using System.Globalization;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects;

/// <summary>Fields by which tokens are drawn; most dialects share their names.</summary>
public static class SamplingFields
{
    /// <summary>Entries of a logit bias that are taken: OpenAI's own limit.</summary>
    private const int BiasMax = 1024;

    public static Field Temperature { get; } = Field.Honoured(
        "temperature", "number", "Divides the logits; 0 always takes the most likely token.",
        (draft, value) => draft.Sample(s => s with { Temperature = value.Number(0, 100) }));

    public static Field TopP { get; } = Field.Honoured(
        "top_p", "number", "Total probability of the most likely tokens that stay; 0 leaves the likeliest one.",
        (draft, value) => draft.Sample(s => s with { TopP = Math.Max(double.Epsilon, value.Number(0, 1)) }));

    /// <summary>-1 is vLLM's word for off, 0 llama.cpp's.</summary>
    public static Field TopK { get; } = Field.Honoured(
        "top_k", "integer", "How many of the most likely tokens stay; 0 or -1 for all.",
        (draft, value) => draft.Sample(s => s with { TopK = Math.Max(0, value.Integer(-1, int.MaxValue)) }));

    public static Field MinP { get; } = Field.Honoured(
        "min_p", "number", "Least share of the largest probability that stays.",
        (draft, value) => draft.Sample(s => s with { MinP = value.Number(0, 1) }));

    public static Field TypicalP { get; } = Field.Honoured(
        "typical_p", "number", "Total probability of the most typical tokens that stay; 1 is off.",
        (draft, value) => draft.Sample(s => s with { TypicalP = value.Number(double.Epsilon, 1) }));

    /// <summary>-1 is llama.cpp's word for off.</summary>
    public static Field TopNSigma { get; } = Field.Honoured(
        "top_n_sigma", "number", "Standard deviations below the largest logit that stay; -1 or 0 for all.",
        (draft, value) => draft.Sample(s => s with { TopNSigma = Math.Max(0, value.Number(-1, 1000)) }));

    public static Field PresencePenalty { get; } = Field.Honoured(
        "presence_penalty", "number", "Subtracted from the logits of tokens that the answer holds.",
        (draft, value) => draft.Sample(s => s with { PresencePenalty = value.Number(-100, 100) }));

    public static Field FrequencyPenalty { get; } = Field.Honoured(
        "frequency_penalty", "number", "Subtracted from a token's logit as often as the answer holds it.",
        (draft, value) => draft.Sample(s => s with { FrequencyPenalty = value.Number(-100, 100) }));

    public static Field Seed { get; } = Field.Honoured(
        "seed", "integer", "The same seed draws the same answer, whatever else is computed meanwhile; -1 draws one.",
        (draft, value) => draft.Sample(s => s with { Seed = value.Seed() is ulong.MaxValue ? null : value.Seed() }));

    public static Field LogitBias { get; } = Field.Honoured(
        "logit_bias", "object", "Added to the logits by token id; false or -100 or less bans the token.",
        (draft, value) => draft.Sample(s => s with { LogitBias = ReadBias(value) }));

    public static Field MirostatTau { get; } = Field.Honoured(
        "mirostat_tau", "number", "The surprise in bits that Mirostat 2 steers to; with \"mirostat\": 2.",
        (draft, value) =>
        {
            double tau = value.Number(0.01, 100);
            draft.Sample(s => s.MirostatTau is null ? s : s with { MirostatTau = tau });
        });

    public static Field MirostatEta { get; } = Field.Honoured(
        "mirostat_eta", "number", "How fast Mirostat 2 follows.",
        (draft, value) => draft.Sample(s => s with { MirostatEta = value.Number(0, 10) }));

    /// <summary>Comes before <see cref="MirostatTau"/> in a table. 5 is llama.cpp's default for tau.</summary>
    public static Field Mirostat { get; } = Field.Honoured(
        "mirostat", "integer", "0 for none, 2 for Mirostat 2; its first version is refused.", (draft, value) =>
        {
            if (value.Integer(0, 2) == 1)
                throw value.Wrong("0 or 2");
            draft.Sample(s => s with { MirostatTau = value.Integer(0, 2) == 2 ? 5 : null });
        });

    /// <summary>The penalty on repeated tokens, which has one name in vLLM and another in llama.cpp.</summary>
    public static Field RepetitionPenalty(string name) => Field.Honoured(
        name, "number", "Divides the logits of tokens that prompt or answer hold; 1 is off.",
        (draft, value) => draft.Sample(s => s with { RepetitionPenalty = value.Number(0.001, 1000) }));

    /// <summary>All that llama.cpp, vLLM and OpenAI name alike, in an order in which they may be read.</summary>
    public static IEnumerable<Field> All { get; } =
    [
        Temperature, TopP, TopK, MinP, TypicalP, TopNSigma, PresencePenalty, FrequencyPenalty,
        RepetitionPenalty("repetition_penalty"), RepetitionPenalty("repeat_penalty"), Seed, LogitBias, Mirostat,
        MirostatTau, MirostatEta,
        Field.RefusedUnless("repeat_last_n", "-1", "penalties count the whole prompt and answer."),
        Field.RefusedUnless("xtc_probability", "0", "there is no XTC sampler."),
        Field.Harmless("xtc_threshold", "Without xtc_probability it does nothing."),
        Field.RefusedUnless("dry_multiplier", "0", "there is no DRY sampler."),
        Field.Harmless("dry_base", "Without dry_multiplier it does nothing."),
        Field.Harmless("dry_allowed_length", "Without dry_multiplier it does nothing."),
        Field.Harmless("dry_penalty_last_n", "Without dry_multiplier it does nothing."),
        Field.Harmless("dry_sequence_breakers", "Without dry_multiplier it does nothing."),
        Field.RefusedUnless("dynatemp_range", "0", "the temperature is fixed."),
        Field.Harmless("dynatemp_exponent", "Without dynatemp_range it does nothing."),
        Field.RefusedUnless("min_keep", "0", "filters may leave one token."),
        Field.Refused("samplers", "the order of the samplers is fixed."),
    ];

    /// <summary>An object by id, or llama.cpp's array of pairs.</summary>
    private static Dictionary<int, double> ReadBias(WireValue value)
    {
        var bias = new Dictionary<int, double>();
        void Add(string id, WireValue number)
        {
            if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int token))
                throw new RequestException(value.Path, $"{value.Path} is given by token ids, found \"{id}\"");
            bias[token] = number.IsFlag && !number.Flag() ? double.NegativeInfinity : Ban(number.Number());
        }

        if (value.IsArray)
        {
            foreach (WireValue pair in value.Items())
            {
                WireValue[] parts = [.. pair.Items()];
                if (parts.Length != 2)
                    throw pair.Wrong("a pair of a token id and a number");
                Add(parts[0].Integer(0, int.MaxValue).ToString(CultureInfo.InvariantCulture), parts[1]);
            }
        }
        else
        {
            foreach ((string id, WireValue number) in value.Members())
                Add(id, number);
        }

        return bias.Count <= BiasMax
            ? bias
            : throw new RequestException(value.Path, $"{value.Path} has at most {BiasMax} entries, found {bias.Count}");
    }

    /// <summary>OpenAI documents -100 as a ban.</summary>
    private static double Ban(double bias) => bias <= -100 ? double.NegativeInfinity : bias;
}
