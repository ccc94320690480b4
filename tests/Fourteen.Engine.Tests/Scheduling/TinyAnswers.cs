using Fourteen.Engine.Answers;
using Fourteen.Engine.Models;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Scheduling;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Scheduling;

/// <summary>Answers of a tiny model whose tokens are written as <c>&lt;7></c>, so that a text tells its tokens.
/// </summary>
internal static class TinyAnswers
{
    /// <summary>A text and what it took.</summary>
    internal sealed record Answer(string Text, GenerationResult Took);

    /// <summary>Writes the model to a temporary file; the caller deletes it.</summary>
    internal static string Write(string family, params (string Key, object Value)[] more) => TinyModel.Write(
        family, GgmlType.Q4_0, 1,
        [
            ("tokenizer.ggml.model", "gpt2"),
            ("tokenizer.ggml.pre", "qwen2"),
            ("tokenizer.ggml.tokens", Enumerable.Range(0, TinyModel.Vocabulary).Select(i => $"<{i}>").ToArray()),
            ("tokenizer.ggml.token_type", Enumerable.Repeat(1, TinyModel.Vocabulary).ToArray()),
            ("tokenizer.ggml.merges", Array.Empty<string>()),
            .. more,
        ]);

    internal static int[] Text(int length, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(TinyModel.Vocabulary))];
    }

    /// <param name="tokens">Of the answer.</param>
    internal static GenerationPlan Plan(
        LoadedModel model, int[] prompt, int tokens, SchedulingOptions? scheduling = null) => new(
            prompt, new SamplingOptions { Temperature = 0.9, Seed = 7 },
            new AnswerOptions { StopTokens = [], TokensMax = tokens },
            model.Config.Rope.For(prompt.Length + tokens), model.Context,
            scheduling ?? SchedulingOptions.Default);

    internal static async Task<Answer> AskAsync(
        InferenceEngine engine, LoadedModel model, GenerationPlan plan, CancellationToken cancellation)
    {
        string text = "";
        GenerationResult? result = null;
        await foreach (GenerationEvent item in engine.Generate(model, plan, cancellation))
        {
            text += item.Delta.Text;
            result = item.End ?? result;
        }

        Assert.NotNull(result);
        return new Answer(text, result);
    }
}
