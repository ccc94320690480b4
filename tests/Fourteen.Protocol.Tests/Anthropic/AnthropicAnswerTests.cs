using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;
using Fourteen.Protocol.Dialects.Anthropic;
using Xunit;

namespace Fourteen.Protocol.Tests.Anthropic;

/// <summary>The exact JSON of small answers of /v1/messages.</summary>
public sealed class AnthropicAnswerTests
{
    private const string Path = "/v1/messages";

    private const string Usage =
        "\"usage\":{\"input_tokens\":13,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"
        + "\"output_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":4}}";

    private static RequestDraft Draft => Bodies.ReadWith(Path, """{"thinking": {"type": "adaptive"}}""");

    [Fact]
    public async Task Whole_OfThoughtTextAndCalls_HasTheirBlocks()
    {
        JsonNode whole = await DialectRun.WholeAsync(Path, Draft, EventScripts.All["calls after thought and text"]);

        Assert.Equal(
            "{\"id\":\"msg_abc\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"tiny\",\"content\":["
            + "{\"type\":\"thinking\",\"thinking\":\"Two calls.\",\"signature\":\"\"},"
            + "{\"type\":\"text\",\"text\":\"I look.\"},"
            + "{\"type\":\"tool_use\",\"id\":\"call_a\",\"name\":\"weather\",\"input\":{\"city\":\"Rome\"}},"
            + "{\"type\":\"tool_use\",\"id\":\"call_b\",\"name\":\"time\",\"input\":{}}],"
            + "\"stop_reason\":\"tool_use\",\"stop_sequence\":null," + Usage + "}",
            whole.ToJsonString());
    }

    [Fact]
    public void Stream_OfThoughtAndText_HasTheEventsOfTheApi()
    {
        List<Frame> frames = DialectRun.Stream(Path, Draft, EventScripts.All["thought"]);

        Assert.Equal(
        [
            DialectRun.Line("""
                {"type":"message_start","message":{"id":"msg_abc","type":"message","role":"assistant","model":"tiny",
                "content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":13,
                "cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}
                """),
            """{"type":"ping"}""",
            DialectRun.Line("""
                {"type":"content_block_start","index":0,
                "content_block":{"type":"thinking","thinking":"","signature":""}}
                """),
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me\n"}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"see."}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":""}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Paris."}}""",
            """{"type":"content_block_stop","index":1}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},""" + Usage + "}",
            """{"type":"message_stop"}""",
        ], frames.Select(frame => frame.Text));
    }

    [Theory]
    [InlineData("text", "end_turn", null)]
    [InlineData("thought cut off", "max_tokens", null)]
    [InlineData("stop string", "stop_sequence", "two")]
    [InlineData("one call", "tool_use", null)]
    public async Task StopReason_OfAnAnswer_IsTheApisWord(string script, string reason, string? sequence)
    {
        JsonNode whole = await DialectRun.WholeAsync(Path, Draft, EventScripts.All[script]);

        Assert.Equal(reason, (string?)whole["stop_reason"]);
        Assert.Equal(sequence, (string?)whole["stop_sequence"]);
    }

    [Fact]
    public async Task Thought_ThatIsToBeOmitted_IsNotSent()
    {
        RequestDraft draft = Bodies.ReadWith(Path, """{"thinking": {"type": "adaptive", "display": "omitted"}}""");

        JsonNode whole = await DialectRun.WholeAsync(Path, draft, EventScripts.All["thought"]);
        List<Frame> frames = DialectRun.Stream(Path, draft, EventScripts.All["thought"]);

        Assert.Equal("""[{"type":"text","text":"Paris."}]""", whole["content"]!.ToJsonString());
        Assert.DoesNotContain(frames, frame => frame.Text.Contains("thinking", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Call_ThatWasCutOff_IsAnEmptyObjectAndANotice()
    {
        JsonNode whole = await DialectRun.WholeAsync(Path, Draft, EventScripts.All["call cut off"]);

        Assert.Equal("{}", whole["content"]![0]!["input"]!.ToJsonString());
        JsonNode notice = whole["fourteen"]!["notices"]![0]!;
        Assert.Equal("arguments_cut_off", (string?)notice["code"]);
        Assert.Equal("{\"city\": \"Ro", (string?)notice["details"]!["arguments"]);
    }

    [Fact] // B071: count_tokens gives what a message's usage gives, also where a part came from the cache.
    public async Task Count_OfAPrompt_EqualsTheInputTokensOfItsMessage()
    {
        JsonNode whole = await DialectRun.WholeAsync(Path, Draft, EventScripts.All["text"]);
        List<Frame> frames = DialectRun.Stream(Path, Draft, EventScripts.All["text"]);

        Assert.Equal("""{"input_tokens":13}""", DialectRun.Text(json => AnthropicJson.WriteCount(13, json)));
        Assert.Equal(13, (int)whole["usage"]!["input_tokens"]!);
        Assert.Equal(13, (int)frames[0].Json["message"]!["usage"]!["input_tokens"]!);
        Assert.Equal(13, (int)frames[^2].Json["usage"]!["input_tokens"]!);
    }
}
