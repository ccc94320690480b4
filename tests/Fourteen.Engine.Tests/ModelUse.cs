using System.Text.Json.Nodes;
using Fourteen.Engine.Models;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Scheduling;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests;

/// <summary>What fuzz tests do with a model file that still opens.</summary>
internal static class ModelUse
{
    private static readonly DateTimeOffset Clock = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Everything short of loading weights; throws where <c>fourteen show</c> complains.</summary>
    internal static void Read(ModelFile file)
    {
        ModelSummary summary = ModelSummary.Read(file);
        if (summary.Problem is { } problem)
            throw new RequestException("model", problem); // The summary keeps it as text.

        _ = summary.Sampling!.Apply(new(), seed: 1).FindProblem(); // Text was read, so there are defaults.
        int[] ids = summary.Text!.EncodePrompt("Hello caf\u00e9 <|im_end|> 12");
        summary.Text.Tokenizer.Decode(ids, skipSpecial: true);
        summary.Text.Template?.Render(
            new JsonObject { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi" }) },
            Clock);
    }

    /// <summary>Loads one broken model after the other and computes a row of logits of those that load.</summary>
    /// <param name="path">Where each stands.</param>
    /// <param name="write">Writes a broken model there; the same for the same random numbers.</param>
    internal static async Task ComputeAsync(string path, Action<Random> write)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var engine = new InferenceEngine(
            new EngineOptions { Threads = 2, StepTokens = 16 }, TimeProvider.System);
        int inputs = Math.Min(Fuzz.Inputs, (Fuzz.Inputs / 20) + 20), loaded = 0;
        for (int seed = Fuzz.Seed; seed < Fuzz.Seed + inputs; seed++)
        {
            write(new Random(seed));
            Exception? fault = await Record.ExceptionAsync(
                () => ComputeAsync(engine, path, cancellation).WaitAsync(TimeSpan.FromMinutes(1), cancellation));
            Assert.True(fault is null or ModelFileException or RequestException, $"seed {seed}: {fault}");
            loaded += fault is null ? 1 : 0;
        }

        Assert.True(inputs < 100 || loaded > 0, $"none of {inputs} inputs gave logits");
    }

    private static async Task ComputeAsync(InferenceEngine engine, string path, CancellationToken cancellation)
    {
        LoadedModel model = await engine.LoadAsync(path, new ModelOptions(), null, cancellation);
        try
        {
            await foreach (LogitsRow row in engine.LogitsAsync(model, [1, 2, 3], [2], 512, cancellation))
                Assert.Equal(model.Config.Vocabulary, row.Logits.Length);
        }
        finally
        {
            await engine.UnloadAsync(model, cancellation);
        }
    }
}
