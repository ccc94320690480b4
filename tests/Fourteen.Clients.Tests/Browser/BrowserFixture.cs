using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Fourteen.Clients.Tests.Browser.BrowserFixture))]

namespace Fourteen.Clients.Tests.Browser;

/// <summary>
/// One Chromium of this machine for all tests, each in a context of its own. Where there is none, a test is skipped;
/// FOURTEEN_CHROMIUM names one at another place.
/// </summary>
public sealed class BrowserFixture : IAsyncDisposable
{
    private static readonly string[] WellKnown =
    [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable",
        "/snap/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        @"C:\Program Files\Google\Chrome\Application\chrome.exe",
        @"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ];

    /// <summary>Tests run as root in containers, where Chromium's own sandbox does not start; the rest is quiet about
    /// everything that is not the page.</summary>
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private readonly SemaphoreSlim _starting = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>A page with nothing remembered.</summary>
    public async Task<IPage> OpenAsync(ColorScheme scheme, CancellationToken cancellation)
    {
        string? program = Environment.GetEnvironmentVariable("FOURTEEN_CHROMIUM") is { Length: > 0 } named
            ? named
            : WellKnown.FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "no Chromium is on this machine; FOURTEEN_CHROMIUM may name one");
        await _starting.WaitAsync(cancellation);
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = program,
                Args = Arguments,
            });
        }
        finally
        {
            _starting.Release();
        }

        IBrowserContext context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            ViewportSize = new ViewportSize { Width = 1000, Height = 800 },
        });
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        _starting.Dispose();
    }
}
