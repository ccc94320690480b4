using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Hosting;

/// <summary>JSON into and out of bodies, within limits.</summary>
internal static class JsonBody
{
    /// <summary>Nesting that is read: schemas of real tools have about 20 levels.</summary>
    private const int DepthMax = 64;

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = DepthMax };

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a body whatever its content type: clients of Ollama send none.</summary>
    /// <exception cref="RequestException">It is no JSON, or comes too slowly.</exception>
    internal static async Task<JsonDocument> ReadAsync(HttpContext context, ServerOptions options)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        deadline.CancelAfter(options.BodyTimeMax);
        try
        {
            return await JsonDocument.ParseAsync(context.Request.Body, Reading, deadline.Token);
        }
        catch (JsonException e)
        {
            throw new RequestException("", $"the body must be JSON: {e.Message}");
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw new RequestException(
                "", $"the body did not come within {options.BodyTimeMax.TotalSeconds} s", FailureKind.Timeout);
        }
    }

    /// <summary>Answers with one JSON value.</summary>
    internal static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Writing))
            write(json);
        context.Response.ContentLength = bytes.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(bytes.WrittenMemory, context.RequestAborted);
    }
}
