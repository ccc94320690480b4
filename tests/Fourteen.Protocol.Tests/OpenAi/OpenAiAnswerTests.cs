using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests.OpenAi;

/// <summary>The exact JSON of small answers of OpenAI's endpoints.</summary>
public sealed class OpenAiAnswerTests
{
    private const string Chat = "/v1/chat/completions";

    private const string Usage =
        "\"usage\":{\"prompt_tokens\":13,\"completion_tokens\":5,\"total_tokens\":18,"
        + "\"prompt_tokens_details\":{\"cached_tokens\":4},\"completion_tokens_details\":{\"reasoning_tokens\":2}}";

    private const string Timings =
        "\"timings\":{\"cache_n\":4,\"prompt_n\":9,\"prompt_ms\":90,\"prompt_per_second\":100,\"predicted_n\":5,"
        + "\"predicted_ms\":80,\"predicted_per_second\":50,\"seed\":42}";

    private static string Head(string kind, string prefix) =>
        $"\"id\":\"{prefix}abc\",\"object\":\"{kind}\",\"created\":1772600767,\"model\":\"tiny\","
        + "\"system_fingerprint\":\"fourteen-0.1.0\",";

    [Fact]
    public async Task Whole_OfAThoughtAndText_HasBothNamesOfTheThought()
    {
        JsonNode whole = await DialectRun.WholeAsync(Chat, Bodies.ReadWith(Chat, "{}"), EventScripts.All["thought"]);

        Assert.Equal(
            "{" + Head("chat.completion", "chatcmpl-")
            + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Paris.\",\"refusal\":null,"
            + "\"reasoning_content\":\"Let me\\nsee.\",\"reasoning\":\"Let me\\nsee.\"},\"logprobs\":null,"
            + "\"finish_reason\":\"stop\"}]," + Usage + "," + Timings + "}",
            whole.ToJsonString());
    }

    [Fact]
    public async Task Whole_OfCalls_HasTheirArgumentsAsText()
    {
        JsonNode whole = await DialectRun.WholeAsync(
            Chat, Bodies.ReadWith(Chat, "{}"), EventScripts.All["calls after thought and text"]);

        Assert.Equal(
            DialectRun.Line("""
                [{"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Rome\"}"}},
                {"id":"call_b","type":"function","function":{"name":"time","arguments":"{}"}}]
                """),
            DialectRun.Text(json => whole["choices"]![0]!["message"]!["tool_calls"]!.WriteTo(json)));
        Assert.Equal("tool_calls", (string?)whole["choices"]![0]!["finish_reason"]);
    }

    [Theory] // B069.
    [InlineData(Chat, "chat.completion.chunk")]
    [InlineData("/v1/completions", "text_completion")]
    public void StreamedUsage_ThatWasAskedFor_StandsInAChunkOfItsOwn(string path, string kind)
    {
        RequestDraft draft = Bodies.ReadWith(path, """{"stream_options": {"include_usage": true}}""");

        List<Frame> frames = DialectRun.Stream(path, draft, EventScripts.All["text"]);

        Assert.Equal("[DONE]", frames[^1].Text);
        JsonNode last = frames[^2].Json;
        Assert.Empty(last["choices"]!.AsArray());
        Assert.Equal((13, 5, 18), (
            (int)last["usage"]!["prompt_tokens"]!, (int)last["usage"]!["completion_tokens"]!,
            (int)last["usage"]!["total_tokens"]!));
        JsonNode[] earlier = [.. frames.SkipLast(2).Select(frame => frame.Json)];
        Assert.All(earlier, chunk =>
        {
            Assert.Single(chunk["choices"]!.AsArray());
            Assert.True(chunk.AsObject().ContainsKey("usage") && chunk["usage"] is null);
        });
        Assert.Single(earlier, chunk => chunk["choices"]![0]!["finish_reason"] is not null);
        Assert.All(frames.SkipLast(1), frame => Assert.Equal(kind, (string?)frame.Json["object"]));
    }

    [Theory] // B069.
    [InlineData(Chat)]
    [InlineData("/v1/completions")]
    public void StreamedUsage_ThatWasNotAskedFor_IsNowhere(string path)
    {
        RequestDraft draft = Bodies.ReadWith(path, """{"stream_options": {"include_usage": false}}""");

        List<Frame> frames = DialectRun.Stream(path, draft, EventScripts.All["text"]);

        Assert.DoesNotContain(frames, frame => frame.Text.Contains("usage", StringComparison.Ordinal));
        Assert.All(frames.SkipLast(1), frame => Assert.Single(frame.Json["choices"]!.AsArray()));
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData("/v1/completions")]
    public void Timings_ThatWereAskedFor_ComeWithTheLastPiece(string path)
    {
        List<Frame> frames = DialectRun.Stream(
            path, Bodies.ReadWith(path, """{"timings_per_token": true}"""), EventScripts.All["text"]);

        Assert.Equal(9, (int)frames[^2].Json["timings"]!["prompt_n"]!);
        Assert.Null(frames[^2].Json["usage"]);
    }

    [Fact]
    public void Stream_OfACall_SendsItsNameOnceAndItsArgumentsInPieces()
    {
        List<Frame> frames = DialectRun.Stream(Chat, Bodies.ReadWith(Chat, "{}"), EventScripts.All["one call"]);

        JsonNode[] deltas = [.. frames.SkipLast(1).Select(frame => frame.Json["choices"]![0]!["delta"]!)];
        Assert.Equal(
        [
            """{"role":"assistant","content":""}""",
            DialectRun.Line("""
                {"tool_calls":[{"index":0,"id":"call_a","type":"function",
                "function":{"name":"weather","arguments":""}}]}
                """),
            """{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":\n "}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":"\"Par\\u00eds\"}"}}]}""",
            "{}",
        ], deltas.Select(delta => DialectRun.Text(json => delta.WriteTo(json))));
    }

    [Fact]
    public async Task Completion_WithLogprobs_HasFourArraysAndOffsets()
    {
        const string Path = "/v1/completions";
        JsonNode whole = await DialectRun.WholeAsync(
            Path, Bodies.ReadWith(Path, """{"logprobs": 2}"""), EventScripts.All["logprobs"]);

        Assert.Equal(
            DialectRun.Line("""
                {"tokens":["Hel","lo",""],"token_logprobs":[-0.25,-0.5,-0.125],"top_logprobs":[
                {"Hel":-0.25,"�":-2.5},{"lo":-0.5,"�":-2.5},{"":-0.125,"�":-2.5}],"text_offset":[0,3,5]}
                """),
            DialectRun.Text(json => whole["choices"]![0]!["logprobs"]!.WriteTo(json)));
    }

    [Fact]
    public void Notices_OfAStream_StandInItsLastPiece()
    {
        List<Frame> frames = DialectRun.Stream(
            Chat, Bodies.ReadWith(Chat, "{}"), EventScripts.All["notices and progress"]);

        Assert.Equal("messages_dropped", (string?)frames[^2].Json["fourteen"]!["notices"]![0]!["code"]);
        Assert.Empty(frames[^2].Json["choices"]!.AsArray());
    }
}
