namespace Fourteen.Protocol.Failures;

/// <summary>What a client is told of a failure, in whatever form its dialect has for it.</summary>
/// <param name="Message">Place, rule, what was found and what to do, without anything of the inside.</param>
/// <param name="Parameter">The parameter at fault, or null.</param>
/// <param name="Code">A code beside the kind's own, or null.</param>
public sealed record Failure(FailureKind Kind, string Message, string? Parameter, string? Code)
{
    public FailureRow Row => FailureTable.Of(Kind);

    public static Failure Of(RequestException refused) =>
        new(refused.Kind, refused.Message, refused.Parameter, refused.Code);
}
