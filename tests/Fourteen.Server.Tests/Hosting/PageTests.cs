using System.Text.RegularExpressions;
using Xunit;

namespace Fourteen.Server.Tests.Hosting;

/// <summary>The page at / and its files.</summary>
public sealed partial class PageTests(ServerFixture fixture)
{
    [Fact]
    public async Task Page_AndItsFiles_LoadNothingFromElsewhere()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Queue<string>(["/"]);
        while (waiting.TryDequeue(out string? path))
        {
            if (!seen.Add(path))
                continue;
            HttpAnswer answer = (await fixture.Server.GetAsync(path)).With(200);
            Assert.DoesNotContain("unsafe", answer.Header("Content-Security-Policy")!, StringComparison.Ordinal);
            Assert.DoesNotMatch(Elsewhere(), answer.Text.Replace("http://www.w3.org/", "", StringComparison.Ordinal));
            foreach (Match file in Files().Matches(answer.Text))
                waiting.Enqueue(file.Value);
        }

        Assert.True(seen.Count > 2, string.Join(' ', seen)); // The page has its script and its style at least.
    }

    [Fact]
    public async Task Page_HasStrictHeaders()
    {
        foreach (string path in (string[])["/", "/page/chat.js", "/page/chat.css"])
        {
            HttpAnswer answer = (await fixture.Server.GetAsync(path)).With(200);
            string policy = answer.Header("Content-Security-Policy")!;
            foreach (string rule in (string[])["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'",
                "base-uri 'none'"])
            {
                Assert.Contains(rule, policy, StringComparison.Ordinal);
            }

            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            Assert.Equal("no-referrer", answer.Header("Referrer-Policy"));
            Assert.Null(answer.Header("Server"));
        }

        // Nothing inline, which the policy would forbid.
        string page = (await fixture.Server.GetAsync("/")).Text;
        Assert.DoesNotMatch(Inline(), page);
        Assert.StartsWith("text/html", (await fixture.Server.GetAsync("/")).ContentType, StringComparison.Ordinal);
        Assert.StartsWith(
            "text/javascript", (await fixture.Server.GetAsync("/page/chat.js")).ContentType, StringComparison.Ordinal);
    }

    /// <summary>Its viewer is somebody else's and runs code of its own, but may fetch nothing from elsewhere.</summary>
    [Fact]
    public async Task DocsPage_MayLoadNothingFromElsewhere()
    {
        HttpAnswer docs = (await fixture.Server.GetAsync("/docs")).With(200);
        string policy = docs.Header("Content-Security-Policy")!;
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"https?:|\*|wss?:", policy);
        Assert.DoesNotMatch(@"(src|href)=[""']?(https?:)?//", docs.Text);
    }

    [Fact]
    public async Task ErrorsAndAnswers_HaveTheHeadersToo()
    {
        foreach (HttpAnswer answer in (HttpAnswer[])
        [
            await fixture.Server.GetAsync("/nothing"), await fixture.Server.PostAsync("/v1/chat/completions", "{"),
            await fixture.Server.PostAsync("/v1/chat/completions", Asking.Chat("Hello", 1)),
        ])
        {
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            Assert.Equal("no-store", answer.Header("Cache-Control"));
        }
    }

    [GeneratedRegex("https?://|[\"'(]//|@import|\\bwss?://")]
    private static partial Regex Elsewhere();

    [GeneratedRegex("(?<=[\"'(])/page/[\\w.-]+")]
    private static partial Regex Files();

    [GeneratedRegex("<script(?![^>]*\\bsrc=)|<style|\\sstyle=|\\son[a-z]+=|javascript:", RegexOptions.IgnoreCase)]
    private static partial Regex Inline();
}
