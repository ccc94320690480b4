namespace Fourteen.Protocol.Failures;

/// <summary>How a kind of failure looks on the wire.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="OpenAiType">"error.type" of OpenAI's API.</param>
/// <param name="OpenAiCode">"error.code" of OpenAI's API; null where it has none.</param>
/// <param name="AnthropicType">"error.type" of Anthropic's API.</param>
public sealed record FailureRow(int Status, string OpenAiType, string? OpenAiCode, string AnthropicType);

/// <summary>The one table from kind to status code and wire error.</summary>
public static class FailureTable
{
    private const string Invalid = "invalid_request_error";

    public static FailureRow Of(FailureKind kind) => kind switch
    {
        FailureKind.InvalidRequest => new(400, Invalid, null, Invalid),
        FailureKind.ContextOverflow => new(400, Invalid, "context_length_exceeded", Invalid),
        FailureKind.Unauthorized => new(401, "authentication_error", "invalid_api_key", "authentication_error"),
        FailureKind.Forbidden => new(403, "permission_error", null, "permission_error"),
        FailureKind.NotFound => new(404, Invalid, "not_found", "not_found_error"),
        FailureKind.MethodNotAllowed => new(405, Invalid, "method_not_allowed", Invalid),
        FailureKind.Timeout => new(408, "timeout_error", "timeout", "timeout_error"),
        FailureKind.TooLarge => new(413, Invalid, "request_too_large", "request_too_large"),
        FailureKind.UnsupportedMediaType => new(415, Invalid, "unsupported_media_type", Invalid),
        FailureKind.ModelUnusable => new(422, Invalid, "model_unusable", Invalid),
        FailureKind.QueueFull => new(429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error"),
        FailureKind.Unavailable => new(503, "service_unavailable_error", "unavailable", "overloaded_error"),
        FailureKind.Internal => new(500, "server_error", "internal_error", "api_error"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "This kind of failure has no row."),
    };
}
