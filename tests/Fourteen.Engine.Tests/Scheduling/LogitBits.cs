using System.Runtime.InteropServices;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

/// <summary>The bits of logits, for tests that want the same ones whatever a step looks like.</summary>
internal static class LogitBits
{
    /// <summary>The bits of the middle and the last logits of each text, all texts in flight together.</summary>
    /// <param name="context">Where it is given, the cache has blocks for one context alone.</param>
    internal static async Task<int[][]> OfAsync(
        string path, bool precise, int threads, int[][] texts, int chunk, int? context = null, IsaPath? isa = null,
        KvType kvType = KvType.F16)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var engine = new InferenceEngine(
            new EngineOptions { Threads = threads, Isa = isa ?? Isa.Selected }, TimeProvider.System);
        var options = new ModelOptions
        {
            Precise = precise,
            Context = context,
            KvType = kvType,
            SequencesMax = texts.Length,
            KvTokensMax = context,
        };
        LoadedModel model = await engine.LoadAsync(path, options, null, cancellation);
        return await Task.WhenAll(texts.Select(async text =>
        {
            int[] bits = [];
            int[] positions = [text.Length / 2, text.Length - 1];
            await foreach (LogitsRow row in engine.LogitsAsync(model, text, positions, chunk, cancellation))
                bits = [.. bits, .. MemoryMarshal.Cast<float, int>(row.Logits)];
            return bits;
        }));
    }
}
