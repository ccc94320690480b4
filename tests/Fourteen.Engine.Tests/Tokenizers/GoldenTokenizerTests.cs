using System.Text;
using System.Text.Json;
using Fourteen.Engine.Tokenizers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>
/// Every row of <c>golden/tokenizer</c>: texts with the ids that two independent references agree on (its README names
/// them). The folder is walked, so a row or file added later is tested without new code.
/// </summary>
public sealed class GoldenTokenizerTests
{
    public static TheoryData<string> Files
    {
        get
        {
            var files = new TheoryData<string>();
            string? folder = SharedFiles.FindGolden("tokenizer");
            string[] found = folder is null ? [] : Directory.GetFiles(folder, "*.jsonl");
            foreach (string file in found.Order(StringComparer.Ordinal))
                files.Add(Path.GetFileName(file));
            if (found.Length == 0)
                files.Add("qwen3.jsonl");   // reported as skipped
            return files;
        }
    }

    [Theory, MemberData(nameof(Files))]
    public void Tokenizer_OnEveryGoldenRow_Agrees(string file)
    {
        string path = SharedFiles.Golden($"tokenizer/{file}");
        string[] parts = file.Split('.');   // NAME.jsonl, NAME.bare.jsonl, NAME.decode.jsonl
        Tokenizer tokenizer = Vocabularies.Load(parts[0]);

        var failures = new Failures(file);
        int row = 0;
        foreach (string line in File.ReadLines(path))
        {
            row++;
            using JsonDocument document = JsonDocument.Parse(line);
            if (parts[1] == "decode")
                CheckDecode(tokenizer, document.RootElement, row, failures);
            else
                CheckEncode(tokenizer, document.RootElement, row, failures);
        }

        failures.Assert(rowsMin: 80);
        GoldenCount.Record($"tokenizer/{Path.GetFileNameWithoutExtension(file)}", row);
    }

    private static void CheckEncode(Tokenizer tokenizer, JsonElement row, int number, Failures failures)
    {
        AddedTokens recognised = !row.TryGetProperty("special", out JsonElement special) ? AddedTokens.None
            : special.GetBoolean() ? AddedTokens.All : AddedTokens.NotControl;
        string text = row.GetProperty("text").GetString()!;
        int[] expected = Ids(row);

        int[] actual = tokenizer.Encode(text, recognised);

        failures.Check(number, actual.AsSpan().SequenceEqual(expected), () =>
            $"{recognised} {JsonSerializer.Serialize(text)}\n  expected {Join(expected)}\n  actual   {Join(actual)}");
    }

    private static void CheckDecode(Tokenizer tokenizer, JsonElement row, int number, Failures failures)
    {
        int[] ids = Ids(row);
        bool skipSpecial = row.GetProperty("skip_special").GetBoolean();
        string expected = row.GetProperty("text").GetString()!;

        string whole = tokenizer.Decode(ids, skipSpecial);
        var streamed = new StringBuilder();
        Detokenizer detokenizer = tokenizer.CreateDetokenizer(skipSpecial);
        foreach (int id in ids)
            streamed.Append(detokenizer.Append(id));
        streamed.Append(detokenizer.Flush());

        failures.Check(number, whole == expected, () =>
            $"decode {Join(ids)}\n  expected {JsonSerializer.Serialize(expected)}\n"
            + $"  actual   {JsonSerializer.Serialize(whole)}");
        failures.Check(number, streamed.ToString() == whole, () =>
            $"streamed {Join(ids)}\n  whole    {JsonSerializer.Serialize(whole)}\n"
            + $"  streamed {JsonSerializer.Serialize(streamed.ToString())}");
    }

    private static int[] Ids(JsonElement row) =>
        row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();

    private static string Join(int[] ids) => $"[{string.Join(", ", ids)}]";
}
