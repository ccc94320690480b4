using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests.Complaints;

/// <summary>What users of other servers complain about (reference/serving.md, section 4): context and cache.</summary>
public sealed class ContextRows(ServerFixture fixture)
{
    private static readonly string[] Words = ["Oslo", "Lima", "Rome", "Paris", "Quito"];

    private TestServer Server => fixture.Server;

    [Fact]
    public async Task Row01_PromptBeyondTheContext_IsRefusedWithNumbers()
    {
        JsonObject body = Conversation(turns: 400);
        HttpAnswer chat = (await Server.PostAsync("/v1/chat/completions", body)).With(400);
        JsonNode error = chat.Json["error"]!;
        Assert.Equal("context_length_exceeded", error["code"]!.GetValue<string>());
        Assert.Matches(@"has \d{4,} tokens.*room for 4096", error["message"]!.GetValue<string>());

        HttpAnswer ollama = (await Server.PostAsync("/api/chat", body.With(("stream", true)))).With(400);
        Assert.Contains("4096", ollama.Json["error"]!.GetValue<string>(), StringComparison.Ordinal);
        HttpAnswer anthropic = (await Server.PostAsync("/v1/messages", Messages(body))).With(400);
        Assert.Equal("invalid_request_error", anthropic.Json["error"]!["type"]!.GetValue<string>());
        Assert.Contains("4096", anthropic.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("drop_oldest")]
    [InlineData("middle_out")]
    public async Task Row01_WherePartsMayGo_TheResponseListsThem(string policy)
    {
        JsonObject body = Conversation(turns: 400).With(("context_overflow", policy));
        HttpAnswer whole = (await Server.PostAsync("/v1/chat/completions", body)).With(200);
        JsonNode details = DroppedOf(whole.Json);
        Assert.Equal(policy, details["policy"]!.GetValue<string>());
        int[] dropped = [.. details["dropped"]!.AsArray().Select(item => item!["index"]!.GetValue<int>())];
        int last = body["messages"]!.AsArray().Count - 1;
        Assert.NotEmpty(dropped);
        Assert.DoesNotContain(0, dropped); // The system message,
        Assert.DoesNotContain(last, dropped); // and the question stay.
        Assert.Equal(policy == "drop_oldest", dropped.Contains(1));
        Assert.All(details["dropped"]!.AsArray(), item => Assert.Equal(
            body["messages"]![item!["index"]!.GetValue<int>()]!["content"]!.GetValue<string>().Length,
            item["characters"]!.GetValue<int>()));
        Assert.InRange(whole.Json["usage"]!["prompt_tokens"]!.GetValue<int>(), 1000, 4096);

        HttpAnswer stream = (await Server.PostAsync("/v1/chat/completions", body.With(("stream", true)))).With(200);
        Assert.Equal(details.ToJsonString(), DroppedOf(stream.Events[^1]).ToJsonString());
        HttpAnswer ollama = (await Server.PostAsync("/api/chat", body.With(("stream", false)))).With(200);
        Assert.NotEmpty(DroppedOf(ollama.Json)["dropped"]!.AsArray());
        HttpAnswer anthropic = (await Server.PostAsync(
            "/v1/messages", Messages(body).With(("context_overflow", policy)))).With(200);
        Assert.NotEmpty(DroppedOf(anthropic.Json)["dropped"]!.AsArray());
    }

    [Fact]
    public async Task Row02_NumCtx_IsHonouredByEveryDialect()
    {
        JsonObject body = Conversation(turns: 20);
        (await Server.PostAsync("/v1/chat/completions", body)).With(200);
        JsonObject options = Asking.Body("""{"num_ctx": 64}""");
        HttpAnswer[] refused =
        [
            await Server.PostAsync("/v1/chat/completions", body.With(("options", options.DeepClone()))),
            await Server.PostAsync("/v1/chat/completions", body.With(("num_ctx", 64))),
            await Server.PostAsync("/api/chat", body.With(("options", options.DeepClone()))),
            await Server.PostAsync("/api/generate", Asking.Body("{}").With(
                ("model", TestServer.Tiny), ("prompt", string.Join(' ', Enumerable.Repeat("Hello", 80))),
                ("options", options.DeepClone()))),
        ];
        Assert.All(refused, answer => Assert.Contains("room for 64", answer.With(400).Text, StringComparison.Ordinal));

        // An answer ends where the smaller context ends.
        JsonObject endless = Asking.Chat("Hello", 4000).With(("ignore_eos", true), ("num_ctx", 64));
        JsonNode usage = (await Server.PostAsync("/v1/chat/completions", endless)).With(200).Json["usage"]!;
        Assert.Equal(64, usage["total_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task Row04_OtherContextInEachRequest_LoadsNothingAgain()
    {
        object? loaded = Server.Host.Models.Find(TestServer.Tiny).Loaded;
        foreach (int context in (int[])[128, 4096, 256, 4000])
        {
            JsonObject body = Asking.Chat("Hello", 5).With(
                ("stream", false), ("options", new JsonObject { ["num_ctx"] = context }));
            HttpAnswer answer = (await Server.PostAsync("/api/chat", body)).With(200);
            object? now = Server.Host.Models.Find(TestServer.Tiny).Loaded;
            Assert.True(loaded is null || ReferenceEquals(loaded, now));
            if (loaded is not null)
                Assert.Equal(0, answer.Json["load_duration"]?.GetValue<long>() ?? 0);
            loaded = now;
        }
    }

    [Fact]
    public async Task Row05_SecondTurn_TakesTheFirstFromTheCache()
    {
        JsonObject body = Conversation(turns: 10).With(
            ("cache_salt", nameof(Row05_SecondTurn_TakesTheFirstFromTheCache)));
        JsonNode first = (await Server.PostAsync("/v1/chat/completions", body)).With(200).Json;
        Assert.Equal(0, Cached(first["usage"]!));
        JsonArray messages = body["messages"]!.AsArray();
        messages.Add(new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = first["choices"]![0]!["message"]!["content"]!.GetValue<string>(),
        });
        messages.Add(new JsonObject { ["role"] = "user", ["content"] = "What color is grass?" });
        JsonNode second = (await Server.PostAsync("/v1/chat/completions", body)).With(200).Json;
        // All whole blocks of 32 positions before the answer, which the template renders without its empty thought.
        int shared = first["usage"]!["prompt_tokens"]!.GetValue<int>() - 32 - 8;
        Assert.InRange(Cached(second["usage"]!), shared, second["usage"]!["prompt_tokens"]!.GetValue<int>());
        Assert.Equal(Cached(second["usage"]!), second["timings"]!["cache_n"]!.GetValue<int>());
    }

    [Fact]
    public async Task Row06_VolatileHeader_DoesNotSpoilTheCache()
    {
        async Task<JsonNode> AskAsync(string hash)
        {
            JsonObject body = Messages(Conversation(turns: 10)).With(
                ("system", new JsonArray(
                    Block($"x-anthropic-billing-header: cc_version=2.1.0; cch={hash};"), Block("You are an agent."))),
                ("cache_salt", nameof(Row06_VolatileHeader_DoesNotSpoilTheCache)));
            return (await Server.PostAsync("/v1/messages", body)).With(200).Json;
        }

        JsonNode first = await AskAsync("00001"), second = await AskAsync("0beef");
        Assert.Equal(
            first["content"]!.ToJsonString(), second["content"]!.ToJsonString());
        int cached = Cached(second["usage"]!);
        Assert.True(cached > 100, second["usage"]!.ToJsonString());
        Assert.Contains("0beef", second["fourteen"]!.ToJsonString(), StringComparison.Ordinal);
    }

    private static int Cached(JsonNode usage) => usage["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>();

    private static JsonObject Block(string text) => new() { ["type"] = "text", ["text"] = text };

    private static JsonNode DroppedOf(JsonNode response) => response["fourteen"]!["notices"]!.AsArray()
        .Single(notice => notice!["code"]!.GetValue<string>() == "messages_dropped")!["details"]!;

    /// <summary>A system message, pairs of question and answer, and a last question.</summary>
    private static JsonObject Conversation(int turns)
    {
        var messages = new JsonArray(new JsonObject { ["role"] = "system", ["content"] = "You are a helper." });
        for (int i = 0; i < turns; i++)
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = $"Repeat: {Words[i % 5]} {Words[i % 3]}" });
            messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = $"{Words[i % 5]} {Words[i % 3]}" });
        }

        messages.Add(new JsonObject { ["role"] = "user", ["content"] = "What is the capital of France?" });
        return Asking.Chat("", 10).With(("messages", messages));
    }

    /// <summary>The same conversation in Anthropic's form.</summary>
    private static JsonObject Messages(JsonObject chat) => new()
    {
        ["model"] = TestServer.Tiny,
        ["max_tokens"] = 10,
        ["temperature"] = 0,
        ["system"] = "You are a helper.",
        ["messages"] = new JsonArray([.. chat["messages"]!.AsArray().Skip(1).Select(message => message!.DeepClone())]),
    };
}
