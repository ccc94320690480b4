namespace Fourteen.Engine.Models;

/// <summary>What a user asks of RoPE beyond what the model file states.</summary>
public sealed record RopeOptions
{
    /// <summary>YaRN by this factor for every request; 1 or more. Not together with <see cref="PerRequest"/>.</summary>
    public double? Factor { get; init; }

    /// <summary>
    /// YaRN only for requests that do not fit the native context, by the smallest factor of 2 and 4 that they fit.
    /// </summary>
    public bool PerRequest { get; init; }

    /// <summary>Whether the context is to be lengthened at all.</summary>
    public bool Lengthens => PerRequest || Factor is not null;

    /// <summary>Positions of the native context, where the file does not say it or says it wrongly.</summary>
    public int? NativeContext { get; init; }
}
