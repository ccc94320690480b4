namespace Fourteen.Protocol.Chat;

/// <summary>Whoever answers chat requests: a model of our own, or somebody else's over a network.</summary>
public interface IProvider
{
    /// <summary>
    /// Streams the answer. Any thread may call it, several at once. What cannot be honoured is a
    /// <see cref="Failures.RequestException"/>, thrown at the first move; a caller that stops reading cancels.
    /// </summary>
    IAsyncEnumerable<ChatEvent> StreamAsync(ChatRequest request, CancellationToken cancellation);
}
