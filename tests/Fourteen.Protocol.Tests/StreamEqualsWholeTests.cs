using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>A stream that a client has joined is the answer that comes whole.</summary>
public sealed class StreamEqualsWholeTests
{
    private const string Logprobs = """{"logprobs": true, "top_logprobs": 2, "return_progress": true}""";

    /// <summary>What asks for all that an answer may carry.</summary>
    private static readonly Dictionary<string, string> Members = new()
    {
        ["/v1/chat/completions"] = """
            {"logprobs": true, "top_logprobs": 2, "return_progress": true, "stream_options": {"include_usage": true}}
            """,
        ["/v1/completions"] = """{"logprobs": 2, "stream_options": {"include_usage": true}}""",
        ["/v1/messages"] = """{"thinking": {"type": "adaptive"}}""",
        ["/api/chat"] = Logprobs,
        ["/api/generate"] = Logprobs,
        ["/completion"] = """{"n_probs": 2, "return_tokens": true, "return_progress": true}""",
        ["/infill"] = """{"n_probs": 2, "return_tokens": true, "return_progress": true}""",
    };

    /// <summary>Endpoints whose answers are text alone: their requests ask for no thought and no call.</summary>
    private static readonly string[] Plain = ["/v1/completions", "/completion", "/infill"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (DialectEndpoint endpoint in DialectTable.Endpoints.Where(endpoint => endpoint.Chat is not null))
            {
                foreach ((string name, ChatEvent[] events) in EventScripts.All)
                {
                    bool hasCalls = events.Any(item => item is ToolCallStarted);
                    bool hasThought = events.Any(item => item is ThoughtDelta);
                    if (!(Plain.Contains(endpoint.Path) && (hasThought || hasCalls))
                        && !(endpoint.Path == "/api/generate" && hasCalls))
                    {
                        cases.Add(endpoint.Path, name);
                    }
                }
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Stream_Joined_EqualsTheWhole(string path, string script)
    {
        ChatEvent[] events = EventScripts.All[script];
        RequestDraft draft = Bodies.ReadWith(path, Members[path]);

        Joined whole = Joined.OfWhole(path, await DialectRun.WholeAsync(path, draft, events));
        Joined stream = Joined.OfStream(path, DialectRun.Stream(path, draft, events));

        if (path == "/v1/messages" && script == "call cut off")
        {
            // The stream has the text of arguments that were cut off, the whole an object and a notice.
            Assert.Equal(["weather({\"city\": \"Ro)"], stream.Calls);
            Assert.True(whole.HasNotices);
            stream = stream with { Calls = whole.Calls, HasNotices = true };
        }

        Assert.Equal(whole.ToString(), stream.ToString());
        Assert.Equal(
            string.Concat(events.OfType<TextDelta>().Select(delta => delta.Text)), whole.Text);
        Assert.Equal(
            string.Concat(events.OfType<ThoughtDelta>().Select(delta => delta.Text)), whole.Thought);
        Assert.Equal(events.OfType<ToolCallStarted>().Count(), whole.Calls.Count);
        Assert.Equal(EventScripts.Usage.CompletionTokens, whole.Tokens);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Stream_ThatFails_EndsWithAnErrorOfItsDialect(string path, string script)
    {
        RequestDraft draft = Bodies.ReadWith(path, Members[path]);
        var failure = new Failure(FailureKind.Unavailable, "The model was\nunloaded.", null, null);
        JsonNode expected = DialectRun.Json(json => Bodies.Endpoint(path).Dialect.WriteError(failure, json));
        ChatEvent[] events = EventScripts.All[script];

        for (int sent = 1; sent < events.Length; sent++)
        {
            List<Frame> frames = DialectRun.Fail(path, draft, events[..sent], failure);

            bool hasMark = Bodies.Endpoint(path).Dialect.Name == "OpenAI";
            Assert.Equal(hasMark, frames[^1].Text == "[DONE]");
            Frame last = hasMark ? frames[^2] : frames[^1];
            Assert.Equal(expected.ToJsonString(), last.Json.ToJsonString());
            Assert.Equal(path == "/v1/messages" ? "error" : null, last.Name);
        }
    }

    [Theory, InlineData("/v1/chat/completions"), InlineData("/v1/completions")]
    public async Task Choices_ThatComeInTurns_AreToldApartByTheirIndex(string path)
    {
        RequestDraft draft = Bodies.ReadWith(path, """{"n": 2}""");

        JsonNode whole = await DialectRun.WholeAsync(path, draft, EventScripts.TwoChoices);
        List<Frame> frames = DialectRun.Stream(path, draft, EventScripts.TwoChoices);

        string TextOf(JsonNode choice) =>
            (choice["delta"]?["content"] ?? choice["message"]?["content"] ?? choice["text"])?.GetValue<string>() ?? "";
        JsonNode[] pieces = [.. frames.SkipLast(1).SelectMany(frame => (JsonArray)frame.Json["choices"]!)!];
        foreach ((int index, string text, string reason) in new[] { (0, "Aa", "stop"), (1, "Bb", "length") })
        {
            Assert.Equal(text, TextOf(whole["choices"]![index]!));
            Assert.Equal(reason, (string?)whole["choices"]![index]!["finish_reason"]);
            JsonNode[] own = [.. pieces.Where(piece => (int)piece["index"]! == index)];
            Assert.Equal(text, string.Concat(own.Select(TextOf)));
            Assert.Equal(reason, (string?)own[^1]["finish_reason"]);
        }
    }
}
