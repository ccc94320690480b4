namespace Fourteen.Engine;

/// <summary>A request that cannot be honoured as it stands: the parameter, and the rule with what was found.</summary>
public sealed class RequestException(string parameter, string message) : Exception(message)
{
    /// <summary>The parameter at fault.</summary>
    public string Parameter { get; } = parameter;
}
