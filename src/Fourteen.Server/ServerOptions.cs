using Fourteen.Engine;

namespace Fourteen.Server;

/// <summary>A model that is served.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Path">A GGUF file, or a folder with config.json and safetensors.</param>
public sealed record ModelSource(string Name, string Path);

/// <summary>A key that requests may show.</summary>
/// <param name="Name">How logs, metrics and fairness call whoever has it; never the secret.</param>
public sealed record ApiKey(string Name, string Secret);

/// <summary>How a server works. Limits have a default and the reason for it.</summary>
public sealed record ServerOptions
{
    public required IReadOnlyList<ModelSource> Models { get; init; }

    /// <summary>The address to listen at; anything but a loopback needs a key, or <see cref="Insecure"/>.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0 takes any free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Keys of which every request must show one; none for open to all who reach the address.</summary>
    public IReadOnlyList<ApiKey> ApiKeys { get; init; } = [];

    /// <summary>Listen beyond this machine without keys.</summary>
    public bool Insecure { get; init; }

    /// <summary>Origins of web pages that may call; none by default, "*" for all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    public EngineOptions Engine { get; init; } = new();

    /// <summary>How each model is loaded; its sequences at once and its KV type among it.</summary>
    public ModelOptions Model { get; init; } = new() { SequencesMax = 8 };

    /// <summary>
    /// Whether the first model answers for names that nobody has here: agents send the names of their own makers'
    /// models.
    /// </summary>
    public bool AnswersAnyName { get; init; }

    /// <summary>How long an unused model stays loaded; for ever by default, as a server is for its models.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.MaxValue;

    /// <summary>Most bytes of a body: 131,072 tokens of text have about 600 KB, tools and history a few times that.
    /// </summary>
    public long BodyBytesMax { get; init; } = 16 << 20;

    /// <summary>How long a client may take to send its body.</summary>
    public TimeSpan BodyTimeMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a client may leave a piece of its answer unread before it is given up.</summary>
    public TimeSpan ReaderDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a stream is silent before a comment shows that it lives: proxies give up after 30 to 60 s.
    /// </summary>
    public TimeSpan PingAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long running answers may go on once the server is told to end.</summary>
    public TimeSpan ShutdownDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether volatile lines that agents put before the system text are moved behind it.</summary>
    public bool MoveVolatileLines { get; init; } = true;

    /// <summary>Where traces and metrics are sent by OTLP; null for nowhere.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>Whether logs hold prompts and answers.</summary>
    public bool LogPrompts { get; init; }
}
