using System.Text.RegularExpressions;
using Fourteen.Server;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Fourteen.Clients.Tests.Browser;

/// <summary>The pages of a server in a real browser.</summary>
public sealed partial class ChatPageTests(ServerFixture servers, BrowserFixture browser)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Conversation_ShowsAnswersWithThoughtsFolded()
    {
        await using WatchedPage page = await OpenAsync();

        await page.AskAsync(Questions.Capital);
        await Expect(page.Messages).ToHaveCountAsync(2, Slow);
        await Expect(page.Messages.Last).ToContainTextAsync(Questions.CapitalAnswer, SlowText);
        await page.AnsweredAsync();

        ILocator thought = page.Messages.Last.Locator("details");
        await Expect(thought).Not.ToHaveAttributeAsync("open", "");
        await Expect(page.Page.GetByText(Questions.CapitalThought)).ToBeHiddenAsync();
        await thought.Locator("summary").ClickAsync();
        await Expect(page.Page.GetByText(Questions.CapitalThought)).ToBeVisibleAsync();
        await Expect(page.Status).ToContainTextAsync("tokens/s");
        await page.PictureAsync("conversation");

        await page.AskAsync("What is 3 + 4?");
        await Expect(page.Messages.Last).ToContainTextAsync("3 + 4 = 7", SlowText);
        await page.AnsweredAsync();
        await page.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "New chat" }).ClickAsync();
        await Expect(page.Messages).ToHaveCountAsync(0);
        await Expect(page.Question).ToBeFocusedAsync();
        page.AssertQuiet();
    }

    [Fact]
    public async Task Thinking_ThatIsOff_ShowsNoThought()
    {
        await using WatchedPage page = await OpenAsync();

        await page.Page.Locator("#thinking").SelectOptionAsync("off");
        await page.AskAsync(Questions.Capital);
        await Expect(page.Messages.Last).ToContainTextAsync(Questions.CapitalAnswer, SlowText);
        await page.AnsweredAsync();

        await Expect(page.Messages.Last.Locator("details")).ToBeHiddenAsync();
        page.AssertQuiet();
    }

    [Fact]
    public async Task Answer_ThatIsStopped_StaysAndFreesTheServer()
    {
        await using WatchedPage page = await OpenAsync();
        await page.Model.SelectOptionAsync(ServerFixture.Embedded);
        ILocator stop = page.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Stop" });

        await page.AskAsync(Questions.Long);
        await Expect(page.Answer).ToContainTextAsync(TwoWords(), SlowText);
        await Expect(stop).ToBeEnabledAsync();
        await stop.ClickAsync();

        await Expect(page.Status).ToContainTextAsync("Stopped");
        await Expect(stop).ToBeDisabledAsync();
        await Expect(page.Messages).ToHaveCountAsync(2);
        ServerHost host = await servers.OpenAsync(Cancellation);
        await ServerFixture.IdleAsync(host, ServerFixture.Embedded, Cancellation);
        page.AssertQuiet();
    }

    [Fact]
    public async Task Chat_ThatIsNewWhileAnAnswerComes_KeepsNothingOfIt()
    {
        await using WatchedPage page = await OpenAsync();
        await page.Model.SelectOptionAsync(ServerFixture.Embedded);

        await page.AskAsync(Questions.Long);
        await Expect(page.Answer).ToContainTextAsync(TwoWords(), SlowText);
        await page.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "New chat" }).ClickAsync();
        await Expect(page.Messages).ToHaveCountAsync(0);
        await page.AnsweredAsync();
        await page.Model.SelectOptionAsync(ServerFixture.Tiny);
        await page.AskAsync(Questions.Capital);
        await Expect(page.Messages.Last).ToContainTextAsync(Questions.CapitalAnswer, SlowText);

        await Expect(page.Messages).ToHaveCountAsync(2);
        Assert.Equal(1, Questions.Json(page.Bodies.Last()).GetProperty("messages").GetArrayLength());
        page.AssertQuiet();
    }

    [Fact]
    public async Task Question_ThatIsRefused_ComesBackWithTheReason()
    {
        await using WatchedPage page = await OpenAsync();
        await Expect(page.Model).ToHaveValueAsync(ServerFixture.Tiny);
        await page.Page.GetByText("Settings").ClickAsync();
        await page.Page.GetByLabel("Temperature").FillAsync("-1");

        await page.AskAsync(Questions.Capital);

        await Expect(page.Status).ToContainTextAsync("temperature");
        await Expect(page.Messages).ToHaveCountAsync(0);
        await Expect(page.Question).ToHaveValueAsync(Questions.Capital);
        page.AssertQuiet("400"); // The browser tells of the refusal.
    }

    [Fact]
    public async Task Key_ThatTheServerWants_IsAskedForAndKept()
    {
        ServerHost host = await servers.LockedAsync(Cancellation);
        await using WatchedPage page = await WatchedPage.OpenAsync(
            await browser.OpenAsync(ColorScheme.Light, Cancellation), host.Address, "/");
        ILocator key = page.Page.GetByLabel("API key");

        await Expect(page.Status).ToContainTextAsync("API key", SlowText);
        await Expect(key).ToBeFocusedAsync();
        await page.PictureAsync("key");
        await key.FillAsync(ServerFixture.Secret);
        await key.PressAsync("Enter");
        await Expect(page.Model).ToHaveValueAsync(ServerFixture.Tiny);
        await page.AskAsync(Questions.Capital);
        await Expect(page.Messages.Last).ToContainTextAsync(Questions.CapitalAnswer, SlowText);
        await page.AnsweredAsync();
        await page.Page.ReloadAsync();

        await Expect(page.Model).ToHaveValueAsync(ServerFixture.Tiny);
        page.AssertQuiet("401"); // The browser tells of the answer that asks for a key.
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Page_EmptyAndAfterAConversation_HasNoBarrierForAnybody(ColorScheme scheme)
    {
        await using WatchedPage page = await OpenAsync(scheme);
        await Expect(page.Model).ToHaveValueAsync(ServerFixture.Tiny);

        string[] whenEmpty = await page.FindBarriersAsync();
        await page.PictureAsync($"empty-{scheme}");
        await page.AskAsync(Questions.Capital);
        await Expect(page.Messages.Last).ToContainTextAsync(Questions.CapitalAnswer, SlowText);
        await page.AnsweredAsync();
        await page.Messages.Last.Locator("summary").ClickAsync();
        await page.Page.GetByText("Settings").ClickAsync();
        string[] whenUsed = await page.FindBarriersAsync();
        await page.PictureAsync($"used-{scheme}");

        Assert.Empty(whenEmpty);
        Assert.Empty(whenUsed);
    }

    [Fact]
    public async Task Docs_LoadNothingFromElsewhere()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        await using WatchedPage page = await WatchedPage.OpenAsync(
            await browser.OpenAsync(ColorScheme.Light, Cancellation), host.Address, "/docs");

        await Expect(page.Page.GetByText("/v1/chat/completions").First).ToBeVisibleAsync(SlowSight);
        await page.PictureAsync("docs");
        await Expect(page.Page.GetByText("Ask AI")).ToHaveCountAsync(0);
        page.AssertQuiet();
    }

    private static LocatorAssertionsToHaveCountOptions Slow { get; } = new() { Timeout = 60_000 };

    private static LocatorAssertionsToContainTextOptions SlowText { get; } = new() { Timeout = 60_000 };

    private static LocatorAssertionsToBeVisibleOptions SlowSight { get; } = new() { Timeout = 60_000 };

    private async Task<WatchedPage> OpenAsync(ColorScheme scheme = ColorScheme.Light)
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        return await WatchedPage.OpenAsync(await browser.OpenAsync(scheme, Cancellation), host.Address, "/");
    }

    /// <summary>An answer has begun. A blank alone would match nothing too, as white space is trimmed.</summary>
    [GeneratedRegex(@"\S\s\S")]
    private static partial Regex TwoWords();
}
