namespace Fourteen.Engine.Sampling;

/// <summary>
/// One step from logits to the distribution that a token is drawn from. <see cref="SamplingOptions.Order"/> lists them
/// in the order in which they run; a step whose option is neutral does nothing.
/// </summary>
public enum SamplingStep
{
    /// <summary>Adds <see cref="SamplingOptions.LogitBias"/>.</summary>
    LogitBias,

    /// <summary>Divides (above zero) or multiplies the logits of ids that occur in prompt or output.</summary>
    RepetitionPenalty,

    /// <summary>Subtracts the penalty times the count in the output.</summary>
    FrequencyPenalty,

    /// <summary>Subtracts the penalty from ids that occur in the output.</summary>
    PresencePenalty,

    /// <summary>Drops logits more than n standard deviations below the largest.</summary>
    TopNSigma,

    /// <summary>
    /// Divides the logits; below <see cref="SamplingOptions.GreedyBelow"/> the largest logit alone stays.
    /// </summary>
    Temperature,

    /// <summary>Keeps the tokens whose surprise is nearest to the expected one, up to a total probability.</summary>
    TypicalP,

    /// <summary>Drops tokens less probable than a share of the most probable one.</summary>
    MinP,

    /// <summary>Drops logits below the k-th largest; equals of the k-th stay.</summary>
    TopK,

    /// <summary>Keeps the most probable tokens up to a total probability.</summary>
    TopP,

    /// <summary>Mirostat 2: drops tokens more surprising than a bound that follows the surprise of the text.</summary>
    Mirostat,
}
