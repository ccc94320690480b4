using System.Runtime.InteropServices;
using System.Text.Json;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Cli.Tests.Commands;

/// <summary>
/// The logits of golden/models (transformers in 32-bit floats) through the command line: all cases of a model as one
/// batch. Every folder is walked; architectures that cannot be run yet are skipped by name.
/// </summary>
public sealed class LogitsGoldenTests
{
    /// <summary>The tolerance that golden/models states.</summary>
    private const float Absolute = 1e-4f, Relative = 1e-4f;

    [Theory, MemberData(nameof(GoldenModels.Files), MemberType = typeof(GoldenModels))]
    public async Task Batch_OfAModelsCases_GivesTheReferencesLogits(string name, string file)
    {
        string model = GoldenModels.Require(name, file), folder = SharedFiles.Golden($"models/{name}");
        JsonElement cases = Golden.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "cases.json"), Token));
        JsonElement[] rows = [.. cases.GetProperty("cases").EnumerateArray()];
        byte[] expected = await File.ReadAllBytesAsync(Path.Combine(folder, "logits.f32"), Token);

        CommandLineRun run = await CommandLineRun.WithInputAsync(
            string.Join('\n', rows.Select(ToRow)),
            "logits", model, "--batch", "-", "--precise");

        int vocabulary = cases.GetProperty("vocab").GetInt32();
        Golden.AssertAnswers(null, run, rows, (row, answer) => FindDifference(
            row, answer, MemoryMarshal.Cast<byte, float>(expected), vocabulary));
        GoldenCount.Record($"cli/logits/{name}", cases.GetProperty("rows").GetInt32());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string ToRow(JsonElement row) =>
        $"{{\"tokens\":{row.GetProperty("ids")},\"positions\":{row.GetProperty("positions")}}}";

    private static string? FindDifference(
        JsonElement row, JsonElement answer, ReadOnlySpan<float> reference, int vocabulary)
    {
        if (!answer.TryGetProperty("logits", out JsonElement logits))
            return answer.ToString();
        int first = row.GetProperty("first_row").GetInt32();
        int positions = row.GetProperty("positions").GetArrayLength();
        if (logits.GetArrayLength() != positions)
            return $"{positions} positions, {logits.GetArrayLength()} rows of logits";
        for (int i = 0; i < positions; i++)
        {
            if (logits[i].GetArrayLength() != vocabulary)
                return $"{vocabulary} tokens, {logits[i].GetArrayLength()} logits";
            int token = 0;
            foreach (JsonElement item in logits[i].EnumerateArray())
            {
                float want = reference[((first + i) * vocabulary) + token], found = item.GetSingle();
                if (!(Math.Abs(found - want) <= Absolute + (Relative * Math.Abs(want))))
                    return $"position {row.GetProperty("positions")[i]}, token {token}: expected {want}, found {found}";
                token++;
            }
        }

        return null;
    }
}
