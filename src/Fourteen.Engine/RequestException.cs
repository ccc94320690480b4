namespace Fourteen.Engine;

/// <summary>A request that cannot be honoured as it stands: the parameter, and the rule with what was found.</summary>
public class RequestException(string parameter, string message) : Exception(message)
{
    /// <summary>The parameter at fault.</summary>
    public string Parameter { get; } = parameter;
}

/// <summary>Too many requests wait already: this one may be sent again.</summary>
public sealed class QueueFullException(string message, TimeSpan retryAfter) : RequestException("queue", message)
{
    /// <summary>When a place may be free, in whole seconds, 1 or more: an estimate from the last requests.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>Somebody asked for an answer and did not read it in time.</summary>
public sealed class SlowReaderException(string message) : Exception(message);
