using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests.Cases;

/// <summary>Checks of the rows about sampling.</summary>
internal static class SamplingCases
{
    internal static Dictionary<string, Func<CaseRow, TestServer, Task>> Checks { get; } = new()
    {
        ["B060"] = StoppedTextAsync,
        ["B062"] = StoppedTextAsync,
        ["B064"] = FiniteLogprobsAsync,
        ["B066"] = PenaltiesOfTheAnswerAsync,
        ["B068"] = SeedsAsync,
    };

    private static async Task StoppedTextAsync(CaseRow row, TestServer server)
    {
        for (int i = 0; i < row.Requests.Count; i++)
        {
            JsonNode expected = row.Expected[i]!;
            foreach (JsonObject body in (JsonObject[])[row.Body(i), row.Body(i).With(("stream", true))])
            {
                ChatResult result = await server.ChatAsync(body);
                Assert.Equal(
                    (expected["content"]!.GetValue<string>(), expected["finish_reason"]!.GetValue<string>()),
                    (result.Content, result.FinishReason));
            }
        }
    }

    private static async Task FiniteLogprobsAsync(CaseRow row, TestServer server)
    {
        HttpAnswer chat = (await row.SendAsync(server, 0)).With(200);
        JsonNode choice = chat.Json["choices"]![0]!;
        Assert.Equal("yes", choice["message"]!["content"]!.GetValue<string>());
        Assert.NotEmpty(choice["logprobs"]!["content"]!.AsArray());
        AssertFinite(chat.Json);

        HttpAnswer completion = (await row.SendAsync(server, 1)).With(200);
        JsonNode scores = completion.Json["choices"]![0]!["logprobs"]!;
        Assert.Null(scores["token_logprobs"]![0]);
        Assert.All(scores["token_logprobs"]!.AsArray().Skip(1), AssertLogprob);
        Assert.All(
            scores["top_logprobs"]!.AsArray().Skip(1),
            likely => Assert.All(likely!.AsObject(), pair => AssertLogprob(pair.Value)));

        HttpAnswer streamed = (await server.PostAsync(
            "/v1/chat/completions", row.Body(0).With(("stream", true)))).With(200);
        Assert.All(streamed.Events, AssertFinite);
    }

    /// <summary>Every member with the name of a log-probability, at any depth.</summary>
    private static void AssertFinite(JsonNode? node)
    {
        foreach (JsonNode? item in node as JsonArray ?? [])
            AssertFinite(item);
        foreach ((string name, JsonNode? value) in node as JsonObject ?? [])
        {
            if (name == "logprob")
                AssertLogprob(value);
            else
                AssertFinite(value);
        }
    }

    private static void AssertLogprob(JsonNode? value)
    {
        double number = Assert.IsAssignableFrom<JsonValue>(value).GetValue<double>();
        Assert.True(double.IsFinite(number) && number <= 0, $"{number} is no log-probability");
    }

    private static async Task PenaltiesOfTheAnswerAsync(CaseRow row, TestServer server)
    {
        for (int i = 0; i < row.Requests.Count; i++)
        {
            HttpAnswer answer = (await row.SendAsync(server, i)).With(200);
            Assert.Equal(
                row.Expected[i]!["text"]!.GetValue<string>(),
                answer.Json["choices"]![0]!["text"]!.GetValue<string>());
        }
    }

    private static async Task SeedsAsync(CaseRow row, TestServer server)
    {
        HttpAnswer first = (await row.SendAsync(server, 0)).With(200);
        string[] texts = TextsOf(first);
        Assert.Equal(texts, TextsOf(await row.SendAsync(server, 1)));
        Assert.True(texts.Distinct().Count() > 1, string.Join('|', texts));
        Assert.Equal(
            [0, 1, 2, 3], first.Json["choices"]!.AsArray().Select(choice => choice!["index"]!.GetValue<int>()));
        Assert.DoesNotContain(TextsOf(await row.SendAsync(server, 2)).Single(), texts);

        JsonNode usage = first.Json["usage"]!;
        JsonNode alone = (await server.PostAsync(
            "/v1/chat/completions", row.Body(0).With(("n", 1)))).With(200).Json["usage"]!;
        Assert.Equal(Count(alone, "prompt_tokens"), Count(usage, "prompt_tokens"));
        Assert.True(Count(usage, "completion_tokens") > Count(alone, "completion_tokens"));

        // "The same when 8 other requests run at the same time."
        Task<HttpAnswer>[] others =
        [
            .. Enumerable.Range(0, 8).Select(i => server.PostAsync(
                "/v1/chat/completions",
                Asking.Chat($"Count to {i + 2}.", 200).With(("ignore_eos", true), ("stream", i % 2 == 0)))),
        ];
        Assert.Equal(texts, TextsOf(await row.SendAsync(server, 0)));
        foreach (Task<HttpAnswer> other in others)
            (await other).With(200);
    }

    private static string[] TextsOf(HttpAnswer answer) =>
    [
        .. answer.With(200).Json["choices"]!.AsArray()
            .Select(choice => choice!["message"]!["content"]?.GetValue<string>() ?? ""),
    ];

    private static int Count(JsonNode usage, string name) => usage[name]!.GetValue<int>();
}
