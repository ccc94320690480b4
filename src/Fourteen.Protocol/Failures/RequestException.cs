namespace Fourteen.Protocol.Failures;

/// <summary>A request that cannot be honoured as it stands: the parameter, and the rule with what was found.</summary>
public sealed class RequestException(string parameter, string message, FailureKind kind = FailureKind.InvalidRequest)
    : Exception(message)
{
    /// <summary>The parameter at fault.</summary>
    public string Parameter { get; } = parameter;

    public FailureKind Kind { get; } = kind;

    /// <summary>The code that clients look for where a kind has several, such as "model_not_found"; else null.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>When trying again may help; null where it does not.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
