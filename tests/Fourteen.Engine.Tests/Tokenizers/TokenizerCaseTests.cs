using System.Text;
using System.Text.Json;
using Fourteen.Engine.Tokenizers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>
/// The rows of <c>golden/cases</c> with the area tokenizer: bugs that other projects had. A row is tested by its shape,
/// so that a row of a known shape needs no new code, and one of an unknown shape fails here.
/// </summary>
public sealed class TokenizerCaseTests
{
    public static TheoryData<string> Rows
    {
        get
        {
            var rows = new TheoryData<string>();
            string? path = SharedFiles.FindGolden("cases/cases.jsonl");
            foreach (string line in path is null ? [] : File.ReadLines(path))
            {
                using JsonDocument row = JsonDocument.Parse(line);
                if (row.RootElement.GetProperty("area").GetString() == "tokenizer")
                    rows.Add(row.RootElement.GetProperty("id").GetString()!);
            }

            if (rows.Count == 0)
                rows.Add("B001");   // reported as skipped
            return rows;
        }
    }

    [Theory, MemberData(nameof(Rows))]
    public void Tokenizer_OnCase_DoesAsExpected(string id)
    {
        string path = SharedFiles.Golden("cases/cases.jsonl");
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            if (row.GetProperty("id").GetString() != id)
                continue;
            Assert.True(Check(row.GetProperty("input"), row.GetProperty("expected")) > 0, $"{id}: nothing was tested");
            return;
        }

        Assert.Fail($"{id} is not in the file");
    }

    // Returns the number of comparisons made.
    private static int Check(JsonElement input, JsonElement expected)
    {
        if (input.ValueKind == JsonValueKind.Array)   // several commands
            return input.EnumerateArray().Zip(expected.EnumerateArray(), Check).Sum();
        if (input.TryGetProperty("encode", out _))
            return CheckModels(input, expected);
        if (input.TryGetProperty("models", out JsonElement models))
        {
            return models.EnumerateArray().Zip(expected.EnumerateObject(), (model, pair) =>
                CheckText(Load(model.GetString()!), input, pair.Value)).Sum();
        }

        Tokenizer tokenizer = Load(input.TryGetProperty("tokenizer", out JsonElement name)
            ? name.GetString()! : input.GetProperty("cli").GetString()!.Split(' ')[2]);
        if (input.TryGetProperty("rows", out JsonElement rows))
            return rows.EnumerateArray().Zip(expected.EnumerateArray(), (a, b) => CheckRow(tokenizer, a, b)).Sum();
        if (input.TryGetProperty("row", out JsonElement row))
            return CheckRow(tokenizer, row, expected);
        return input.GetProperty("ids").EnumerateArray().Zip(expected.EnumerateArray(),
            (ids, result) => CheckDecode(tokenizer, Ids(ids), false, result)).Sum();
    }

    // {"encode": rows, "decode": rows, "models"} with the results by model.
    private static int CheckModels(JsonElement input, JsonElement expected)
    {
        int checks = 0;
        foreach (JsonElement model in input.GetProperty("models").EnumerateArray())
        {
            Tokenizer tokenizer = Load(model.GetString()!);
            string name = model.GetString()!;
            bool Names(JsonProperty pair) => name.Contains(pair.Name, StringComparison.Ordinal);
            foreach (JsonProperty pair in expected.GetProperty("encode").EnumerateObject().Where(Names))
            {
                checks += input.GetProperty("encode").EnumerateArray().Zip(pair.Value.EnumerateArray(),
                    (row, ids) => CheckText(tokenizer, row, ids)).Sum();
            }

            foreach (JsonProperty pair in expected.GetProperty("decode").EnumerateObject().Where(Names))
            {
                checks += input.GetProperty("decode").EnumerateArray().Zip(pair.Value.EnumerateArray(),
                    (row, text) => CheckDecode(tokenizer, Ids(row.GetProperty("ids")), false, text)).Sum();
            }
        }

        return checks;
    }

    private static int CheckRow(Tokenizer tokenizer, JsonElement row, JsonElement expected) =>
        row.TryGetProperty("ids", out JsonElement ids)
            ? CheckDecode(tokenizer, Ids(ids), row.GetProperty("skip_special").GetBoolean(), expected)
            : CheckText(tokenizer, row, expected.GetProperty("ids"));

    private static int CheckText(Tokenizer tokenizer, JsonElement row, JsonElement ids)
    {
        AddedTokens recognised = !row.TryGetProperty("special", out JsonElement special) ? AddedTokens.None
            : special.GetBoolean() ? AddedTokens.All : AddedTokens.NotControl;
        Assert.Equal(Ids(ids), tokenizer.Encode(row.GetProperty("text").GetString()!, recognised));
        return 1;
    }

    // Expected: the text itself, or {"text", "stream": a text per id and what is left at the end}.
    private static int CheckDecode(Tokenizer tokenizer, int[] ids, bool skipSpecial, JsonElement expected)
    {
        bool isText = expected.ValueKind == JsonValueKind.String;
        string text = (isText ? expected : expected.GetProperty("text")).GetString()!;
        Assert.Equal(text, tokenizer.Decode(ids, skipSpecial));

        Detokenizer detokenizer = tokenizer.CreateDetokenizer(skipSpecial);
        List<string> stream = [.. ids.Select(detokenizer.Append), detokenizer.Flush()];
        Assert.Equal(text, string.Concat(stream));
        if (!isText && expected.TryGetProperty("stream", out JsonElement parts))
            Assert.Equal(parts.EnumerateArray().Select(part => part.GetString()!), stream);
        if (!isText && expected.TryGetProperty("utf8_bytes", out JsonElement bytes))
            Assert.Equal(bytes.GetInt32(), Encoding.UTF8.GetByteCount(text));
        return 1;
    }

    private static Tokenizer Load(string model)
    {
        const string root = "models/";
        Assert.StartsWith(root, model, StringComparison.Ordinal);
        string file = model[root.Length..];
        return Vocabularies.LoadFile(file);
    }

    private static int[] Ids(JsonElement ids) => ids.EnumerateArray().Select(id => id.GetInt32()).ToArray();
}
