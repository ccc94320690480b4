namespace Fourteen.Engine.Models;

/// <summary>
/// Gemma 2: norms also after attention and feed-forward, soft caps, a window on every other layer. The 27B model, of 46
/// layers, scales its queries by hidden / heads. Values that early files leave out are those of the published models.
/// </summary>
internal static class Gemma2
{
    internal static Architecture Row { get; } = Gemma.Row with
    {
        Name = "gemma2",
        PostNorms = true,
        WindowPeriod = 2,
        DefaultWindow = 4096,
        DefaultAttentionSoftCap = 50,
        DefaultLogitSoftCap = 30,
        LayersWithHiddenQueryScale = 46,
    };
}
