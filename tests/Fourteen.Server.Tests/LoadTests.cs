using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests;

/// <summary>
/// Many clients at once, some of whom leave. Alone in the process, as it looks at the memory of the whole.
/// </summary>
[Collection(nameof(LoadTests))]
[CollectionDefinition(nameof(LoadTests), DisableParallelization = true)]
public sealed class LoadTests
{
    private const int Clients = 32, RequestsPerRound = 3, Bodies = 8;

    /// <summary>What pools of buffers and of tasks may grow by between rounds: far less than one round makes, which is
    /// tens of MB.</summary>
    private const long GrowthMax = 4 << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Streams_WithRandomDisconnects_EqualTheirSoloRunsAndLeaveNothing()
    {
        await using TestServer server = await TestServer.StartAsync();
        JsonObject[] bodies = [.. Enumerable.Range(0, Bodies).Select(BodyOf)];
        string[] solo = new string[Bodies];
        for (int i = 0; i < Bodies; i++)
        {
            using OpenStream stream = await server.OpenAsync("/v1/completions", bodies[i], Cancellation);
            solo[i] = await stream.ReadTextAsync(Cancellation);
            Assert.NotEmpty(solo[i]);
        }

        await RoundAsync(server, bodies, solo, seed: 1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int round = 2; round <= 3; round++)
            await RoundAsync(server, bodies, solo, seed: round);
        long growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(growth < GrowthMax, $"memory has grown by {growth} bytes");
        Assert.DoesNotContain(server.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
        string page = (await server.GetAsync("/metrics")).Text;
        Assert.Equal(0, MetricsPage.Sum(page, "fourteen:requests_failed_total"));
    }

    /// <summary>All clients at once, each with a few requests, about a third of which it leaves.</summary>
    private static async Task RoundAsync(TestServer server, JsonObject[] bodies, string[] solo, int seed)
    {
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            var random = new Random((seed * 1000) + client);
            for (int i = 0; i < RequestsPerRound; i++)
            {
                int body = random.Next(Bodies);
                int leavesAfter = random.Next(3) == 0 ? random.Next(8) : int.MaxValue;
                using OpenStream stream = await server.OpenAsync("/v1/completions", bodies[body], Cancellation);
                Assert.Equal(200, stream.Status);
                var text = new System.Text.StringBuilder();
                int pieces = 0;
                while (pieces++ < leavesAfter && await stream.NextAsync(Cancellation) is { } piece)
                {
                    Assert.Null(piece["error"]);
                    text.Append(ChatResult.TextOf(piece));
                }

                if (leavesAfter == int.MaxValue)
                    Assert.Equal(solo[body], text.ToString());
                else
                    Assert.StartsWith(text.ToString(), solo[body], StringComparison.Ordinal);
            }
        }));
        await server.UntilIdleAsync(TestServer.Tiny);
        await server.UntilIdleAsync(TestServer.Embedded);
    }

    /// <summary>Two of the bodies are for the embedded model, which is slower.</summary>
    private static JsonObject BodyOf(int index)
    {
        bool isTiny = index % 4 != 0;
        return Asking.Endless(isTiny ? TestServer.Tiny : TestServer.Embedded, isTiny ? 80 : 8).With(
            ("prompt", string.Concat(Enumerable.Repeat($"The weather in Oslo is number {index}. ", index + 1))),
            ("temperature", 1.2), ("seed", index));
    }
}
