using System.Net;
using Fourteen.Protocol.Dialects;
using Fourteen.Server.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Fourteen.Server.Hosting;

/// <summary>
/// What every request passes before its endpoint: who may call, from where, and what becomes of exceptions. The
/// outermost frame of the server.
/// </summary>
internal sealed class RequestPipeline(ServerState state)
{
    /// <summary>Under this key the name of the caller's API key stands among the items of a request.</summary>
    internal const string TenantItem = "fourteen.tenant";

    /// <summary>Runs one request to its end; throws nothing.</summary>
    internal async Task RunAsync(HttpContext context, Func<Task> next)
    {
        ServerEndpoint? endpoint = context.GetEndpoint()?.Metadata.GetMetadata<ServerEndpoint>();
        Dialect dialect = endpoint?.Dialect ?? EndpointTable.DialectOf(context.Request.Path);
        try
        {
            Harden(context.Response.Headers);
            CheckHost(context.Request);
            if (AnswerCors(context))
                return;
            if (endpoint is { IsPublic: false } or null && state.Keys.IsLocked)
                context.Items[TenantItem] = state.Keys.NameOf(context.Request);
            if (endpoint?.ContentPolicy is { } policy)
                context.Response.Headers.ContentSecurityPolicy = policy;
            await next();
            if (!context.Response.HasStarted && context.Response.StatusCode is 404 or 405 && endpoint is null)
                await WriteAsync(context, dialect, Unknown(context));
        }
        catch (Exception e)
        {
            await FailAsync(context, dialect, e);
        }
    }

    private async Task FailAsync(HttpContext context, Dialect dialect, Exception problem)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return; // Nobody is there to be told.
        Failure failure = state.Faults.ToFailure(problem);
        if (context.Response.HasStarted)
        {
            context.Abort(); // A cut connection is the only way left to say that the answer is not whole.
            return;
        }

        context.Response.Clear();
        Harden(context.Response.Headers);
        ShareWithOrigin(context);
        if (problem is RequestException { RetryAfter: { } wait })
        {
            context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds))
                .ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        await WriteAsync(context, dialect, failure);
    }

    private static Task WriteAsync(HttpContext context, Dialect dialect, Failure failure) =>
        JsonBody.WriteAsync(context, failure.Row.Status, json => dialect.WriteError(failure, json));

    private static Failure Unknown(HttpContext context) => context.Response.StatusCode == 405
        ? new Failure(
            FailureKind.MethodNotAllowed, $"{context.Request.Path} does not take {context.Request.Method}", null, null)
        : new Failure(FailureKind.NotFound, $"there is no {context.Request.Path} here; see /docs", null, null);

    private static void Harden(IHeaderDictionary headers)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    /// <summary>
    /// A page of another site can make a browser ask for a name that it has pointed at this machine (DNS rebinding):
    /// where only this machine is served, only its names are.
    /// </summary>
    private void CheckHost(HttpRequest request)
    {
        if (!IsLoopback(state.Options.Host) || IsLoopback(request.Host.Host))
            return;
        throw new RequestException(
            "host", $"this server answers for this machine alone, but was asked as \"{request.Host.Host}\"",
            FailureKind.Forbidden);
    }

    internal static bool IsLoopback(string host) =>
        host is "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));

    /// <summary>
    /// Answers a browser's question whether a page of another origin may call, and refuses calls of pages that may not:
    /// browsers send simple ones without asking. Returns whether that was the whole request.
    /// </summary>
    private bool AnswerCors(HttpContext context)
    {
        HttpRequest request = context.Request;
        string origin = request.Headers.Origin.ToString();
        if (origin.Length == 0)
            return false;
        bool isOwn = origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        bool isAllowed = ShareWithOrigin(context);
        bool isPreflight = HttpMethods.IsOptions(request.Method)
            && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);
        if (!isOwn && !isAllowed)
        {
            throw new RequestException(
                "origin", $"pages of {origin} may not call this server; --cors {origin} lets them",
                FailureKind.Forbidden);
        }

        if (isAllowed && isPreflight)
        {
            IHeaderDictionary headers = context.Response.Headers;
            headers.AccessControlAllowMethods = "GET, POST, DELETE, HEAD, OPTIONS";
            headers.AccessControlAllowHeaders = request.Headers[HeaderNames.AccessControlRequestHeaders];
            headers.AccessControlMaxAge = "600";
        }

        if (isPreflight)
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        return isPreflight;
    }

    /// <summary>Lets the page that asks read the response, errors too, where its origin may call; else does nothing.
    /// </summary>
    private bool ShareWithOrigin(HttpContext context)
    {
        string origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || !state.Options.CorsOrigins.Any(allowed => allowed == "*" || allowed == origin))
            return false;
        IHeaderDictionary headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = HeaderNames.Origin;
        headers.AccessControlExposeHeaders = "X-Fourteen-Ignored, Retry-After, X-Request-Id";
        return true;
    }
}
