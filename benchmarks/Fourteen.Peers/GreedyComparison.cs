using System.Globalization;
using System.Text.Json;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using LLama;
using LLama.Common;
using LLama.Native;

namespace Fourteen.Peers;

/// <summary>
/// Whether llama.cpp, in this process and on the same GGUF file, continues texts with the tokens that we do. The file
/// is the model with 32-bit weights, see <see cref="PlainGguf"/>.
/// </summary>
internal static class GreedyComparison
{
    /// <summary>Tokens that each text is continued by.</summary>
    private const int Length = 24;

    /// <summary>Compares every text of a golden <c>cases.json</c>; returns the program's exit code.</summary>
    internal static async Task<int> RunAsync(string model, string cases)
    {
        string path = Path.Combine(Path.GetTempPath(), $"fourteen-peers-{Guid.NewGuid():N}.gguf");
        try
        {
            using (ModelFile file = ModelFile.Open(model))
                PlainGguf.Write(file, path);
            using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(cases));
            int[][] texts =
            [
                .. json.RootElement.GetProperty("cases").EnumerateArray()
                    .Select(item => item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray()),
            ];
            return await CompareAsync(model, path, texts) ? 0 : 1;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<bool> CompareAsync(string model, string path, int[][] texts)
    {
        using var engine = new InferenceEngine(new EngineOptions(), TimeProvider.System);
        LoadedModel ours = await engine.LoadAsync(
            path, new ModelOptions { Precise = true }, null, CancellationToken.None);
        var parameters = new ModelParams(path)
        {
            ContextSize = (uint)(texts.Max(text => text.Length) + Length),
            BatchSize = 512,
            GpuLayerCount = 0,
            TypeK = GGMLType.GGML_TYPE_F32,
            TypeV = GGMLType.GGML_TYPE_F32,
        };
        using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
        using LLamaContext peer = weights.CreateContext(parameters);
        int equal = 0;
        double nearest = double.PositiveInfinity;
        for (int i = 0; i < texts.Length; i++)
        {
            (int[] expected, double margin) = Continue(peer, texts[i]);
            int[] actual = await ContinueAsync(engine, ours, texts[i]);
            nearest = Math.Min(nearest, margin);
            bool same = expected.SequenceEqual(actual);
            equal += same ? expected.Length : 0;
            if (!same)
            {
                Console.WriteLine($"text {i}: llama.cpp {string.Join(',', expected)}");
                Console.WriteLine($"        Fourteen  {string.Join(',', actual)}");
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{model}: {equal} of {texts.Length * Length} tokens equal to llama.cpp's; the best token leads by "
            + $"{nearest:G3} or more"));
        return equal == texts.Length * Length;
    }

    private static async Task<int[]> ContinueAsync(InferenceEngine engine, LoadedModel model, int[] text)
    {
        List<int> ids = [.. text];
        for (int i = 0; i < Length; i++)
        {
            int last = ids.Count - 1;
            await foreach (LogitsRow row in engine.LogitsAsync(model, ids, [last], 512, CancellationToken.None))
                ids.Add(Best(row.Logits).Token);
        }

        return [.. ids[text.Length..]];
    }

    private static (int[] Tokens, double Margin) Continue(LLamaContext peer, int[] text)
    {
        peer.NativeHandle.MemoryClear(true);
        var batch = new LLamaBatch();
        for (int i = 0; i < text.Length; i++)
            batch.Add(text[i], i, LLamaSeqId.Zero, i == text.Length - 1);
        List<int> tokens = [];
        double margin = double.PositiveInfinity;
        for (int i = 0; i < Length; i++)
        {
            peer.NativeHandle.Decode(batch);
            (int token, double lead) = Best(peer.NativeHandle.GetLogitsIth(i == 0 ? text.Length - 1 : 0));
            tokens.Add(token);
            margin = Math.Min(margin, lead);
            batch.Clear();
            batch.Add(token, text.Length + i, LLamaSeqId.Zero, true);
        }

        return ([.. tokens], margin);
    }

    private static (int Token, double Lead) Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int id = 1; id < logits.Length; id++)
            best = logits[id] > logits[best] ? id : best;
        double second = double.NegativeInfinity;
        for (int id = 0; id < logits.Length; id++)
            second = id == best ? second : Math.Max(second, logits[id]);
        return (best, logits[best] - second);
    }
}
