using System.Runtime.InteropServices;
using System.Text.Json;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Models;

/// <summary>
/// Logits and greedy continuations of golden/models (transformers in 32-bit floats) against ours in precise mode. Every
/// folder is walked; those whose architecture an issue still has to bring are skipped by name.
/// </summary>
public sealed class GoldenLogitsTests(ITestOutputHelper output)
{
    /// <summary>The tolerance that golden/models states.</summary>
    private const float Absolute = 1e-4f;
    private const float Relative = 1e-4f;

    [Theory]
    [MemberData(nameof(GoldenModels.Files), MemberType = typeof(GoldenModels))]
    public async Task Logits_Precise_MatchReference(string folder, string file)
    {
        string path = GoldenModels.Require(folder, file);
        using JsonDocument cases = GoldenModels.ReadCases(folder);
        int vocabulary = cases.RootElement.GetProperty("vocab").GetInt32();
        float[] expected = MemoryMarshal.Cast<byte, float>(
            await File.ReadAllBytesAsync(SharedFiles.Golden($"models/{folder}/logits.f32"), Token)).ToArray();
        using var engine = new InferenceEngine(new EngineOptions(), TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(path, new ModelOptions { Precise = true }, null, Token);

        double worst = 0;
        foreach (JsonElement item in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] ids = GoldenModels.Integers(item, "ids"), positions = GoldenModels.Integers(item, "positions");
            int row = item.GetProperty("first_row").GetInt32();
            await foreach (LogitsRow actual in engine.LogitsAsync(model, ids, positions, 512, Token))
            {
                for (int i = 0; i < vocabulary; i++)
                {
                    float want = expected[(row * vocabulary) + i];
                    double excess = Math.Abs(actual.Logits[i] - want) / (Absolute + (Relative * Math.Abs(want)));
                    worst = Math.Max(worst, double.IsNaN(excess) ? double.PositiveInfinity : excess);
                }

                row++;
            }
        }

        output.WriteLine($"{folder}/{file}: largest difference {worst:F3} of the tolerance");
        Assert.True(worst <= 1, $"{folder}/{file}: largest difference is {worst:F2} times the tolerance");
        GoldenCount.Record($"models/{folder}", cases.RootElement.GetProperty("rows").GetInt32());
    }

    [Theory]
    [MemberData(nameof(GoldenModels.Files), MemberType = typeof(GoldenModels))]
    public async Task Greedy_Precise_ContinuesAsReference(string folder, string file)
    {
        string path = GoldenModels.Require(folder, file);
        using JsonDocument cases = GoldenModels.ReadCases(folder);
        using var engine = new InferenceEngine(new EngineOptions(), TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(path, new ModelOptions { Precise = true }, null, Token);
        foreach (JsonElement item in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            List<int> ids = [.. GoldenModels.Integers(item, "ids")];
            int[] greedy = GoldenModels.Integers(item, "greedy");
            int prompt = ids.Count;
            for (int i = 0; i < greedy.Length; i++)
            {
                await foreach (LogitsRow row in engine.LogitsAsync(model, ids, [ids.Count - 1], 512, Token))
                    ids.Add(Array.IndexOf(row.Logits, row.Logits.Max()));
            }

            Assert.Equal(greedy, ids[prompt..]);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
