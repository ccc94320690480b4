using Fourteen.Protocol.Chat;

namespace Fourteen.Protocol.Dialects;

/// <summary>A request while its fields are read, and what the response must know of it. One owner.</summary>
public sealed class RequestDraft
{
    /// <summary>Names of unknown fields that a response header repeats.</summary>
    private const int IgnoredMax = 32;

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

    /// <summary>Most positions of prompt and answer together; null for the model's.</summary>
    public int? Context { get; set; }

    /// <summary>Fields that nobody knows, by their paths.</summary>
    public IReadOnlyList<string> Ignored => _ignored;

    /// <summary>Sets fields of the sampling.</summary>
    public void Sample(Func<SamplingSettings, SamplingSettings> change) =>
        Chat = Chat with { Sampling = change(Chat.Sampling) };

    public void Ignore(string path)
    {
        if (_ignored.Count < IgnoredMax)
            _ignored.Add(path);
    }
}
