namespace Fourteen.Engine.Models;

/// <summary>
/// Gemma 3: norms after attention and feed-forward as in Gemma 2, and on query and key heads; five of six layers have a
/// window and angles of base 10,000. The 27B model, of 62 layers, scales its queries by hidden / heads.
/// </summary>
internal static class Gemma3
{
    internal static Architecture Row { get; } = Gemma.Row with
    {
        Name = "gemma3",
        PostNorms = true,
        QueryKeyNorm = true,
        WindowPeriod = 6,
        WindowRopeBase = 10_000,
        LayersWithHiddenQueryScale = 62,
    };
}
