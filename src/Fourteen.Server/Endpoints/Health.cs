using System.Text.Json;
using Fourteen.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Endpoints;

/// <summary>What load balancers and people ask first.</summary>
internal static class Health
{
    internal static Task AliveAsync(HttpContext context, ServerState state) =>
        WriteAsync(context, StatusCodes.Status200OK, "ok");

    /// <summary>Ready is a server whose first model is loaded, so that a request is computed and not loaded for.
    /// </summary>
    internal static Task ReadyAsync(HttpContext context, ServerState state) =>
        state.Models.Models.Any(model => model.Loaded is not null)
            ? WriteAsync(context, StatusCodes.Status200OK, "ok")
            : WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "loading model");

    private static Task WriteAsync(HttpContext context, int status, string text) =>
        JsonBody.WriteAsync(context, status, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", text);
            json.WriteEndObject();
        });
}
