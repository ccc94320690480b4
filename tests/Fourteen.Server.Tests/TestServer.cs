using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Fourteen.Engine;
using Fourteen.Engine.Scheduling;
using Fourteen.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Fourteen.Server.Tests;

/// <summary>A server in this process at a free port, and a client of it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    internal const string Tiny = "qwen3-tiny-chat";
    internal const string Embedded = "smollm2";

    private TestServer(ServerHost host, LogLines log)
    {
        Host = host;
        Log = log;
        Client = new HttpClient { BaseAddress = new Uri(host.Address), Timeout = TimeSpan.FromMinutes(3) };
    }

    internal ServerHost Host { get; }

    internal LogLines Log { get; }

    internal HttpClient Client { get; }

    /// <summary>What the tiny model is doing; it must be loaded.</summary>
    internal ModelStatistics Statistics => StatisticsOf(Tiny);

    internal static ModelSource TinySource { get; } = new(Tiny, "qwen3-tiny-chat/model.gguf");

    internal static ModelSource EmbeddedSource { get; } =
        new(Embedded, "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");

    /// <summary>Starts one with both models, or as <paramref name="change"/> says.</summary>
    internal static async Task<TestServer> StartAsync(
        Func<ServerOptions, ServerOptions>? change = null, TimeProvider? clock = null)
    {
        var options = new ServerOptions
        {
            Models = [Found(TinySource), Found(EmbeddedSource)],
            Port = 0,
            Model = new ModelOptions { SequencesMax = 8 },
        };
        var log = new LogLines();
        return new TestServer(
            await ServerHost.StartAsync(
                change?.Invoke(options) ?? options, clock ?? TimeProvider.System,
                logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log),
                TestContext.Current.CancellationToken),
            log);
    }

    /// <summary>The same with the tiny model alone.</summary>
    internal static Task<TestServer> StartTinyAsync(
        Func<ServerOptions, ServerOptions>? change = null, TimeProvider? clock = null) =>
        StartAsync(
            options =>
            {
                ServerOptions tiny = options with { Models = [Found(TinySource)] };
                return change?.Invoke(tiny) ?? tiny;
            },
            clock);

    internal ModelStatistics StatisticsOf(string model) =>
        Host.Models.Find(model).Loaded?.Statistics ?? throw new InvalidOperationException($"{model} is not loaded.");

    internal Task<HttpAnswer> PostAsync(string path, JsonNode body, params (string Name, string Value)[] headers) =>
        SendAsync("POST", path, body.ToJsonString(), headers);

    internal Task<HttpAnswer> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        SendAsync("POST", path, body, headers);

    internal Task<HttpAnswer> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync("GET", path, null, headers);

    internal async Task<HttpAnswer> SendAsync(
        string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = Request(method, path, body, headers);
        using HttpResponseMessage response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await HttpAnswer.ReadAsync(response);
    }

    /// <summary>Asks, and lets the caller read the answer as it comes; closing the reader closes the connection.
    /// </summary>
    internal async Task<OpenStream> OpenAsync(string path, JsonNode body, CancellationToken cancellation)
    {
        using HttpRequestMessage request = Request("POST", path, body.ToJsonString());
        HttpResponseMessage response = await Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return await OpenStream.OfAsync(response, cancellation);
    }

    /// <summary>A conversation at /v1/chat/completions, streamed or not as the body says.</summary>
    internal async Task<ChatResult> ChatAsync(JsonNode body) =>
        ChatResult.Of(await PostAsync("/v1/chat/completions", body));

    /// <summary>Waits until something holds; a test that waits in vain is ended by its own limit of time.</summary>
    internal static async Task UntilAsync(Func<bool> holds, string what)
    {
        // Long enough for a machine that others use; nothing is said about how long it takes.
        for (int i = 0; i < 6000 && !holds(); i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.True(holds(), what);
    }

    /// <summary>
    /// The page of metrics as soon as something holds of it: requests are counted a moment after their sequences end.
    /// </summary>
    internal async Task<string> MetricsWhenAsync(Func<string, bool> holds, string what)
    {
        for (int i = 0; i < 6000; i++)
        {
            string page = (await GetAsync("/metrics")).With(200).Text;
            if (holds(page))
                return page;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException(what);
    }

    /// <summary>Waits until nothing runs, nothing waits and no block of the cache is in use.</summary>
    internal Task UntilIdleAsync(string model = Tiny) => UntilAsync(
        () => StatisticsOf(model) is { Running: 0, Waiting: 0, KvBlocksInUse: 0 },
        "the server still computes, though nobody waits for it");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.StopAsync(CancellationToken.None);
        await Host.DisposeAsync();
    }

    private static HttpRequestMessage Request(
        string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    internal static ModelSource Found(ModelSource source) => source with { Path = SharedFiles.Model(source.Path) };
}
