using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests.Cases;

/// <summary>Checks of the rows about tools.</summary>
internal static class ToolCases
{
    private const int SeedsOfRepeats = 20;

    internal static Dictionary<string, Func<CaseRow, TestServer, Task>> Checks { get; } = new()
    {
        ["B034"] = TagsInArgumentsAsync,
        ["B036"] = CallsInAStreamAsync,
        ["B038"] = UnionsOfStringsAsync,
        ["B040"] = CallsCutOffAsync,
    };

    /// <summary>
    /// The row speaks of generated text, and the engine's tests feed it to the parser; here the schema allows nothing
    /// but the row's arguments, so that the model writes them.
    /// </summary>
    private static async Task TagsInArgumentsAsync(CaseRow row, TestServer server)
    {
        JsonNode wanted = row.Expected[0]!["tool_calls"]![0]!["arguments"]!;
        JsonNode tool = row.Input[0]!["tools"]![0]!.DeepClone();
        tool["function"]!["strict"] = true;
        JsonNode parameters = tool["function"]!["parameters"]!;
        parameters["additionalProperties"] = false;
        foreach ((string name, JsonNode? value) in wanted.AsObject())
            parameters["properties"]![name]!["enum"] = new JsonArray(value!.DeepClone());
        foreach (string choice in (string[])["required", "named"])
        {
            foreach (bool streams in (bool[])[false, true])
            {
                ChatResult result = await server.ChatAsync(Asking.Chat("Hello", 400).With(
                    ("tools", new JsonArray(tool.DeepClone())), ("stream", streams),
                    ("tool_choice", choice == "required" ? JsonValue.Create(choice)
                        : Asking.Body("""{"type": "function", "function": {"name": "write_file"}}"""))));
                Assert.Equal(("", "tool_calls"), (result.Content, result.FinishReason));
                Assert.NotEmpty(result.Calls);
                Assert.All(result.Calls, call => Assert.True(
                    call.Name == "write_file" && JsonNode.DeepEquals(wanted, JsonNode.Parse(call.Arguments)),
                    call.Arguments));
            }
        }
    }

    private static async Task CallsInAStreamAsync(CaseRow row, TestServer server)
    {
        ChatResult result = await server.ChatAsync(row.Body()); // Which checks what each piece of a call may hold.
        JsonArray expected = row.Expected["calls"]!.AsArray();
        Assert.Equal(expected.Count, result.Calls.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(i, expected[i]!["index"]!.GetValue<int>());
            Assert.Equal(expected[i]!["name"]!.GetValue<string>(), result.Calls[i].Name);
            Assert.True(JsonNode.DeepEquals(
                expected[i]!["arguments"], JsonNode.Parse(result.Calls[i].Arguments)), result.Calls[i].Arguments);
        }

        Assert.Equal(result.Calls.Count, result.Calls.Select(call => call.Id).Distinct().Count());
        Assert.Equal("tool_calls", result.FinishReason);
        ChatResult whole = await server.ChatAsync(row.Body().With(("stream", false)));
        Assert.Equal(
            whole.Calls.Select(call => (call.Name, call.Arguments)),
            result.Calls.Select(call => (call.Name, call.Arguments)));
    }

    private static async Task UnionsOfStringsAsync(CaseRow row, TestServer server)
    {
        JsonObject body = row.Body();
        JsonNode schema = body["tools"]![0]!["function"]!["parameters"]!;
        JsonObject seeded = body.With(("temperature", 1.5));
        // As it stands, a thought comes first, and its limit of tokens leaves few calls whole; half do not think.
        ChatResult[] results = await Task.WhenAll(Enumerable.Range(0, 2 * SeedsOfRepeats).Select(seed =>
            server.ChatAsync(seed == 0 ? body : seeded.With(
                ("seed", seed), ("stream", seed % 4 < 2),
                ("chat_template_kwargs", new JsonObject { ["enable_thinking"] = seed % 2 == 0 })))));
        int whole = 0;
        foreach (ChatResult result in results)
        {
            if (result.FinishReason == "length") // An integer may have more digits than there is room for.
                continue;
            Assert.True(result.FinishReason == "tool_calls", result.Answer.Text);
            Assert.NotEmpty(result.Calls);
            Assert.All(result.Calls, call => Schemas.AssertValid(schema, call.Arguments));
            whole++;
        }

        Assert.True(whole >= SeedsOfRepeats / 2, $"only {whole} calls came to their end");
        Schemas.AssertExamples(schema, row);
    }

    private static async Task CallsCutOffAsync(CaseRow row, TestServer server)
    {
        IReadOnlyList<ChatResult> results = await row.ChatAsync(server);
        const string Whole = "{\"city\": \"Paris\"}";
        foreach (ChatResult cut in results.Take(4))
        {
            Assert.Equal("length", cut.FinishReason);
            Assert.All(cut.Calls, call => Assert.True(
                call.Arguments.Length < Whole.Length && Whole.StartsWith(call.Arguments, StringComparison.Ordinal),
                call.Arguments));
        }

        ChatResult none = results[4];
        Assert.Empty(none.Calls);
        Assert.Contains(none.FinishReason, (string[])["stop", "length"]);
    }
}
