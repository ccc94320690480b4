using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests.Ollama;

/// <summary>The exact JSON of small answers of Ollama's endpoints.</summary>
public sealed class OllamaAnswerTests
{
    private const string Head = "{\"model\":\"tiny\",\"created_at\":\"2026-03-04T05:06:07.123456700Z\"";

    private const string Times =
        "\"total_duration\":170000000,\"load_duration\":0,\"prompt_eval_count\":13,\"prompt_eval_duration\":90000000,"
        + "\"eval_count\":5,\"eval_duration\":80000000}";

    [Fact]
    public void ChatStream_OfAThoughtAndText_HasALineForEachPiece()
    {
        RequestDraft draft = Bodies.ReadWith("/api/chat", "{}");

        List<Frame> lines = DialectRun.Stream("/api/chat", draft, EventScripts.All["thought"]);

        Assert.Equal(
        [
            Head + ""","message":{"role":"assistant","content":"","thinking":"Let me\n"},"done":false}""",
            Head + ""","message":{"role":"assistant","content":"","thinking":"see."},"done":false}""",
            Head + ""","message":{"role":"assistant","content":"Paris."},"done":false}""",
            Head + ""","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",""" + Times,
        ], lines.Select(line => line.Text));
    }

    [Fact]
    public void ChatStream_OfCalls_HasEachWholeInOneLine()
    {
        RequestDraft draft = Bodies.ReadWith("/api/chat", "{}");

        List<Frame> lines = DialectRun.Stream("/api/chat", draft, EventScripts.All["calls after thought and text"]);

        Assert.Equal(5, lines.Count);
        Assert.Equal(
            """[{"id":"call_a","function":{"index":0,"name":"weather","arguments":{"city":"Rome"}}}]""",
            lines[2].Json["message"]!["tool_calls"]!.ToJsonString());
        Assert.Equal(
            """[{"id":"call_b","function":{"index":1,"name":"time","arguments":{}}}]""",
            lines[3].Json["message"]!["tool_calls"]!.ToJsonString());
        Assert.Equal("stop", (string?)lines[4].Json["done_reason"]);
    }

    [Fact]
    public async Task GenerateWhole_OfAThought_HasBothTexts()
    {
        RequestDraft draft = Bodies.ReadWith("/api/generate", "{}");

        JsonNode whole = await DialectRun.WholeAsync("/api/generate", draft, EventScripts.All["thought"]);

        Assert.Equal(
            Head + ""","response":"Paris.","thinking":"Let me\nsee.","done":true,"done_reason":"stop",""" + Times,
            whole.ToJsonString());
    }

    [Fact] // B033: a limit is a limit inside the thought too.
    public async Task Whole_OfAThoughtThatWasCutOff_HasNoContent()
    {
        RequestDraft draft = Bodies.ReadWith("/api/chat", "{}");

        JsonNode whole = await DialectRun.WholeAsync("/api/chat", draft, EventScripts.All["thought cut off"]);

        Assert.Equal("length", (string?)whole["done_reason"]);
        Assert.Equal("The user asks", (string?)whole["message"]!["thinking"]);
        Assert.Equal("", (string?)whole["message"]!["content"]);
        Assert.Equal(5, (int)whole["eval_count"]!);
    }

    [Fact]
    public void Logprobs_StandOnTheLineOfTheirText()
    {
        RequestDraft draft = Bodies.ReadWith("/api/chat", """{"logprobs": true, "top_logprobs": 2}""");

        List<Frame> lines = DialectRun.Stream("/api/chat", draft, EventScripts.All["logprobs"]);

        Assert.Equal([1, 2, 0], lines.Select(line => (line.Json["logprobs"] as JsonArray)?.Count ?? 0));
        JsonNode first = lines[0].Json["logprobs"]![0]!;
        Assert.Equal(("Hel", -0.25), ((string?)first["token"], (double)first["logprob"]!));
        Assert.Equal(2, first["top_logprobs"]!.AsArray().Count);
    }

    [Fact]
    public async Task LoadTime_IsPartOfTheTotal()
    {
        RequestDraft draft = Bodies.ReadWith("/api/chat", "{}");
        Assert.Equal(170_000_000, (long)(await DialectRun.WholeAsync(
            "/api/chat", draft, EventScripts.All["text"]))["total_duration"]!);

        ResponseHeader header = DialectRun.Header with { LoadTime = TimeSpan.FromSeconds(1) };
        ChatAnswer answer = await EventScripts.Stream(EventScripts.All["text"])
            .CollectAsync(TestContext.Current.CancellationToken);
        ResponseWriter writer = Bodies.Endpoint("/api/chat").Chat!.CreateWriter(draft, header);
        JsonNode loaded = DialectRun.Json(json => writer.WriteWhole(answer, json));

        Assert.Equal(1_170_000_000, (long)loaded["total_duration"]!);
        Assert.Equal(1_000_000_000, (long)loaded["load_duration"]!);
    }
}
