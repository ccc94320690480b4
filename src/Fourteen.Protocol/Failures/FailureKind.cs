namespace Fourteen.Protocol.Failures;

/// <summary>Whose fault a failure is, and what a client may do about it; <see cref="FailureTable"/> has a row for each.
/// </summary>
public enum FailureKind
{
    /// <summary>A parameter that cannot be honoured as it stands.</summary>
    InvalidRequest,

    /// <summary>Prompt and answer do not fit the model's context.</summary>
    ContextOverflow,

    /// <summary>No key, or one that nobody knows.</summary>
    Unauthorized,

    /// <summary>A known caller who may not do this.</summary>
    Forbidden,

    /// <summary>There is no such model, path or object.</summary>
    NotFound,

    /// <summary>The path exists, but not for this method.</summary>
    MethodNotAllowed,

    /// <summary>The client was too slow to send its request or to read its answer.</summary>
    Timeout,

    /// <summary>The body is larger than is accepted.</summary>
    TooLarge,

    /// <summary>The body is no JSON by its content type.</summary>
    UnsupportedMediaType,

    /// <summary>A model file that cannot be used.</summary>
    ModelUnusable,

    /// <summary>Too many requests wait already; trying again later helps.</summary>
    QueueFull,

    /// <summary>The server is ending, or the model was unloaded meanwhile.</summary>
    Unavailable,

    /// <summary>A fault of ours.</summary>
    Internal,
}
