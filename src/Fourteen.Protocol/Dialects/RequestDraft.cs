using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Embeddings;

namespace Fourteen.Protocol.Dialects;

/// <summary>A request while its fields are read, and what the response must know of it. One owner.</summary>
public sealed class RequestDraft
{
    /// <summary>Names of unknown fields that a response header repeats.</summary>
    private const int IgnoredMax = 32;

    /// <summary>Characters of one of them.</summary>
    private const int IgnoredCharsMax = 120;

    private readonly List<string> _ignored = [];

    /// <summary>What is asked of a model.</summary>
    public ChatRequest Chat { get; set; } = new();

    /// <summary>Whether the answer comes as a stream.</summary>
    public bool Stream { get; set; }

    /// <summary>Whether a stream ends with what the request took.</summary>
    public bool IncludeUsage { get; set; }

    /// <summary>Whether the answer repeats the prompt.</summary>
    public bool Echo { get; set; }

    /// <summary>Whether thoughts are sent at all.</summary>
    public bool IncludeReasoning { get; set; } = true;

    /// <summary>Whether a stream tells how much of a long prompt is computed.</summary>
    public bool ReturnProgress { get; set; }

    /// <summary>Whether every piece of a stream carries timings.</summary>
    public bool TimingsPerToken { get; set; }

    /// <summary>Whether ids are sent beside texts.</summary>
    public bool ReturnTokens { get; set; }

    /// <summary>How long the model stays loaded after this request; null for the server's own time.</summary>
    public TimeSpan? KeepAlive { get; set; }

    /// <summary>The prompt is empty: the model is to be loaded, or with <see cref="KeepAlive"/> 0 unloaded, and
    /// nothing generated.
    /// </summary>
    public bool LoadOnly { get; set; }

    /// <summary>Whether a text to be tokenized gets the model's first token.</summary>
    public bool AddSpecial { get; set; }

    /// <summary>Whether names of tokens that steer are these tokens in a text to be tokenized, and not their letters.
    /// </summary>
    public bool ParseSpecial { get; set; } = true;

    /// <summary>Whether a report shows all that there is.</summary>
    public bool Verbose { get; set; }

    /// <summary>What is to be embedded, where that is what was asked for.</summary>
    public EmbeddingRequest Embedding { get; set; } = new();

    /// <summary>Whether vectors are sent as base64 of 32-bit floats instead of numbers.</summary>
    public bool Base64 { get; set; }

    /// <summary>Fields that nobody knows, or whose value is not followed, by their paths: printable ASCII, as headers
    /// are.
    /// </summary>
    public IReadOnlyList<string> Ignored => _ignored;

    /// <summary>Sets fields of the sampling.</summary>
    public void Sample(Func<SamplingSettings, SamplingSettings> change) =>
        Chat = Chat with { Sampling = change(Chat.Sampling) };

    public void Ignore(string path)
    {
        if (_ignored.Count >= IgnoredMax)
            return;
        string start = path.Length > IgnoredCharsMax ? path[..IgnoredCharsMax] : path;
        _ignored.Add(string.Concat(start.Select(c => c is > ' ' and < '\x7f' and not ',' ? c : '?')));
    }
}
