using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;
using Fourteen.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Scalar.AspNetCore;

namespace Fourteen.Server.Endpoints;

/// <summary>The API for programs: OpenAPI, from the same tables that requests are read by.</summary>
internal static class ApiPage
{
    private static readonly Lazy<JsonObject> Document = new(Render);

    /// <summary>
    /// The page's script comes with its package and is written inline in part; it may ask this server and nobody else.
    /// </summary>
    private const string Policy =
        "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>The page for people at /docs.</summary>
    internal static void Map(WebApplication application)
    {
        application.MapScalarApiReference("/docs", page =>
        {
            page.Title = "Fourteen";
            page.OpenApiRoutePattern = "/openapi.json";
            // Fonts, statistics, an assistant and tools that would come from elsewhere or tell others.
            page.DefaultFonts = false;
            page.DisableTelemetry().DisableAgent().DisableMcp().HideDeveloperTools();
        }).WithMetadata(new ServerEndpoint(
            "GET", "/docs", "This API for people.", DialectTable.OpenAi, (_, _) => Task.CompletedTask)
        {
            IsPublic = true,
            ContentPolicy = Policy,
        });
    }

    internal static Task DocumentAsync(HttpContext context, ServerState state) =>
        JsonBody.WriteAsync(context, StatusCodes.Status200OK, json => Document.Value.WriteTo(json));

    private static JsonObject Render()
    {
        var paths = new JsonObject();
        var bodies = DialectTable.Endpoints.SelectMany(row => row.Aliases.Prepend(row.Path).Select(path => (path, row)))
            .ToDictionary(pair => pair.path, pair => pair.row);
        foreach (ServerEndpoint endpoint in EndpointTable.Rows)
        {
            var operation = new JsonObject
            {
                ["summary"] = endpoint.Summary,
                ["tags"] = new JsonArray(endpoint.Dialect.Name),
                ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "The answer." } },
            };
            if (bodies.TryGetValue(endpoint.Path, out DialectEndpoint? body))
                operation["requestBody"] = BodyOf(body);
            if (endpoint.IsPublic)
                operation["security"] = new JsonArray();
            string path = endpoint.Path.Replace("{**", "{", StringComparison.Ordinal);
            paths[path] ??= new JsonObject();
            paths[path]![endpoint.Method.ToLowerInvariant()] = operation; // It was set above.
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Fourteen",
                ["version"] = typeof(ApiPage).Assembly.GetName().Version?.ToString(3),
                ["description"] = "Language models for clients of OpenAI, Anthropic, Ollama and llama-server.",
            },
            ["paths"] = paths,
            ["components"] = JsonNode.Parse(
                """{"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}"""),
            ["security"] = JsonNode.Parse("""[{"key": []}]"""),
        };
    }

    private static JsonObject BodyOf(DialectEndpoint row) => new()
    {
        ["required"] = true,
        ["content"] = new JsonObject
        {
            ["application/json"] = new JsonObject { ["schema"] = FieldPages.RenderSchema(row.Fields) },
        },
    };
}
