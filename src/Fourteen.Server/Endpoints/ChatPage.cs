using Fourteen.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Endpoints;

/// <summary>The page at / and its files, which stand in the assembly.</summary>
internal static class ChatPage
{
    /// <summary>Nothing from elsewhere, nothing inline, no frame around it.</summary>
    internal const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    private static readonly Dictionary<string, string> ContentTypes = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    /// <summary>Names of the embedded files.</summary>
    internal static IReadOnlyList<string> Files { get; } = ["index.html", "chat.css", "chat.js", "icon.svg"];

    internal static Func<HttpContext, ServerState, Task> Send(string file) => async (context, _) =>
    {
        using Stream content = typeof(ChatPage).Assembly.GetManifestResourceStream($"page/{file}")
            ?? throw new InvalidOperationException($"The file {file} is not in the assembly.");
        context.Response.ContentType = ContentTypes[Path.GetExtension(file)];
        await content.CopyToAsync(context.Response.Body, context.RequestAborted);
    };
}
