using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests.Cases;

/// <summary>Checks of the rows about thinking.</summary>
internal static class ThinkingCases
{
    private const string StopSentence = "Considering the limited time";

    internal static Dictionary<string, Func<CaseRow, TestServer, Task>> Checks { get; } = new()
    {
        ["B023"] = ThoughtSwitchedOffAsync,
        ["B025"] = BudgetOfNothingAsync,
        ["B027"] = BudgetsWithinAThoughtAsync,
        ["B029"] = QuotedThoughtAsync,
        ["B031"] = SchemaBehindAThoughtAsync,
        ["B033"] = LimitWithinAThoughtAsync,
    };

    private static async Task ThoughtSwitchedOffAsync(CaseRow row, TestServer server)
    {
        for (int i = 0; i < row.Requests.Count; i++)
        {
            bool streams = row.Body(i)["stream"]!.GetValue<bool>();
            ChatResult result = await server.ChatAsync(
                streams
                    ? row.Body(i).With(("stream_options", Asking.Body("""{"include_usage": true}""")))
                    : row.Body(i));
            Assert.Equal(row.Expected["content"]!.GetValue<string>(), result.Content);
            Assert.Equal("", result.Reasoning);
            Assert.Equal("stop", result.FinishReason);
            Assert.Equal(19, result.Usage!["prompt_tokens"]!.GetValue<int>());
            Assert.InRange(result.Usage["completion_tokens"]!.GetValue<int>(), 7, 8);
        }
    }

    private static async Task BudgetOfNothingAsync(CaseRow row, TestServer server)
    {
        foreach (bool streams in (bool[])[false, true])
        {
            ChatResult result = await server.ChatAsync(row.Body().With(("stream", streams)));
            Assert.Equal(
                (row.Expected["content"]!.GetValue<string>(), "", "stop"),
                (result.Content, result.Reasoning, result.FinishReason));
        }

        // "The same for Anthropic's thinking disabled."
        JsonObject messages = row.Body().With(("thinking", Asking.Body("""{"type": "disabled"}""")));
        messages.Remove("thinking_token_budget");
        JsonNode block = Assert.Single(
            (await server.PostAsync("/v1/messages", messages)).With(200).Json["content"]!.AsArray())!;
        Assert.Equal(
            ("text", row.Expected["content"]!.GetValue<string>()),
            (block["type"]!.GetValue<string>(), block["text"]!.GetValue<string>()));
    }

    private static async Task BudgetsWithinAThoughtAsync(CaseRow row, TestServer server)
    {
        for (int i = 0; i < row.Requests.Count; i++)
        {
            ChatResult whole = await server.ChatAsync(row.Body(i));
            Assert.DoesNotContain(StopSentence, whole.Content, StringComparison.Ordinal);
            Assert.DoesNotContain("</think>", whole.Content, StringComparison.Ordinal);
            ChatResult stream = await server.ChatAsync(row.Body(i).With(("stream", true)));
            Assert.Equal((whole.Content, whole.Reasoning), (stream.Content, stream.Reasoning));
        }
    }

    /// <summary>The text is forced: the model would not quote tags by itself.</summary>
    private static async Task QuotedThoughtAsync(CaseRow row, TestServer server)
    {
        string text = row.Expected["content"]!.GetValue<string>();
        foreach (bool streams in (bool[])[false, true])
        {
            ChatResult result = await server.ChatAsync(Asking.Chat("Hello", 200).With(
                ("stream", streams),
                ("structured_outputs", new JsonObject { ["choice"] = new JsonArray(text) })));
            Assert.Equal((text, "", "stop"), (result.Content, result.Reasoning, result.FinishReason));
        }
    }

    private static async Task SchemaBehindAThoughtAsync(CaseRow row, TestServer server)
    {
        var known = JsonNode.Parse("""{"country": "Peru", "capital": "Lima"}""");
        for (int i = 0; i < row.Requests.Count; i++)
        {
            JsonObject body = row.Body(i);
            ChatResult result = await server.ChatAsync(body);
            Schemas.AssertValid(body["response_format"]!["json_schema"]!["schema"]!, result.Content);
            Assert.Equal("stop", result.FinishReason);
            if (body["chat_template_kwargs"]!["enable_thinking"]!.GetValue<bool>())
            {
                Assert.NotEmpty(result.Reasoning.Trim());
                Assert.NotEqual('{', result.Reasoning.Trim()[0]);
            }
            else
            {
                Assert.Equal("", result.Reasoning);
                Assert.True(JsonNode.DeepEquals(known, JsonNode.Parse(result.Content)), result.Content);
            }
        }
    }

    private static async Task LimitWithinAThoughtAsync(CaseRow row, TestServer server)
    {
        JsonNode first = row.Expected[0]!, second = row.Expected[1]!;
        foreach (bool streams in (bool[])[false, true])
        {
            ChatResult result = await server.ChatAsync(row.Body(0).With(
                ("stream", streams), ("stream_options", Asking.Body("""{"include_usage": true}"""))));
            Assert.Equal(
                (first["finish_reason"]!.GetValue<string>(), first["reasoning"]!.GetValue<string>(), ""),
                (result.FinishReason, result.Reasoning, result.Content));
            Assert.Equal(5, result.Usage!["completion_tokens"]!.GetValue<int>());
        }

        JsonNode ollama = (await row.SendAsync(server, 1)).With(200).Json;
        Assert.Equal(
            (second["done_reason"]!.GetValue<string>(), second["message.thinking"]!.GetValue<string>(), "", 5),
            (ollama["done_reason"]!.GetValue<string>(), ollama["message"]!["thinking"]!.GetValue<string>(),
            ollama["message"]!["content"]!.GetValue<string>(), ollama["eval_count"]!.GetValue<int>()));

        HttpAnswer anthropic = await row.SendAsync(server, 2);
        if (anthropic.Status == 200)
        {
            Assert.Equal("max_tokens", anthropic.Json["stop_reason"]!.GetValue<string>());
            Assert.Contains(
                anthropic.Json["content"]!.AsArray(), block => block!["type"]!.GetValue<string>() == "thinking");
        }
        else
        {
            Assert.Contains(
                "budget_tokens", anthropic.With(400).Json["error"]!["message"]!.GetValue<string>(),
                StringComparison.Ordinal);
        }
    }
}
