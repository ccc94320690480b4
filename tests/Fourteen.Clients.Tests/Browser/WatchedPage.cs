using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Fourteen.Clients.Tests.Browser;

/// <summary>A page of a server in a browser, and all that it asks for and complains of.</summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentQueue<string> _bodies = new();
    private readonly string _address;

    private WatchedPage(IPage page, string address)
    {
        Page = page;
        _address = address;
        page.Request += (_, request) =>
        {
            _requests.Enqueue(request.Url);
            if (request.PostData is { } body)
                _bodies.Enqueue(body);
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Console += (_, line) =>
        {
            if (line.Type is "error" or "warning")
                _complaints.Enqueue(line.Text);
        };
    }

    public IPage Page { get; }

    /// <summary>What it has sent, in order.</summary>
    public IEnumerable<string> Bodies => _bodies;

    public ILocator Question => Page.GetByLabel("Message", new PageGetByLabelOptions { Exact = true });

    public ILocator Messages => Page.Locator("#messages article");

    /// <summary>The text of the last answer, without its thought.</summary>
    public ILocator Answer => Page.Locator("#messages article.assistant").Last.Locator("> div");

    public ILocator Model => Page.Locator("#model");

    public ILocator Status => Page.GetByRole(AriaRole.Status);

    public static async Task<WatchedPage> OpenAsync(IPage page, string address, string path)
    {
        var watched = new WatchedPage(page, address);
        await page.GotoAsync(address + path);
        return watched;
    }

    public async Task AskAsync(string question)
    {
        await Question.FillAsync(question);
        await Page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Waits for the end of an answer.</summary>
    public Task AnsweredAsync() => Assertions.Expect(Page.GetByRole(
        AriaRole.Button, new PageGetByRoleOptions { Name = "Stop" })).ToBeDisabledAsync(Patient);

    /// <summary>For what a loaded machine needs longer for; nothing here asserts how long.</summary>
    public static LocatorAssertionsToBeDisabledOptions Patient { get; } = new() { Timeout = 60_000 };

    /// <summary>Nothing was asked of another server, and nothing broke the page's rules.</summary>
    public void AssertQuiet(params string[] expected)
    {
        Assert.All(_requests, url => Assert.True(
            url.StartsWith(_address + "/", StringComparison.Ordinal) || url.StartsWith("data:", StringComparison.Ordinal)
                || url.StartsWith("blob:", StringComparison.Ordinal),
            $"{url} is not of this server"));
        Assert.NotEmpty(_requests);
        string[] unexpected =
        [
            .. _complaints.Where(line => !expected.Any(part => line.Contains(part, StringComparison.Ordinal))),
        ];
        Assert.Empty(unexpected);
    }

    /// <summary>What axe has against the page: rule, how bad, and where.</summary>
    public async Task<string[]> FindBarriersAsync()
    {
        AxeResult result = await Page.RunAxe();
        Assert.NotEmpty(result.Passes);
        return
        [
            .. result.Violations.Select(found =>
                $"{found.Id} ({found.Impact}): {string.Join("; ", found.Nodes.Select(node => node.Html))}"),
        ];
    }

    /// <summary>Leaves a picture where FOURTEEN_SCREENSHOTS names a folder.</summary>
    public async Task PictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("FOURTEEN_SCREENSHOTS") is { Length: > 0 } folder)
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png") });
    }

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();
}
