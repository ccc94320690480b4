using Fourteen.Engine.Scheduling;

namespace Fourteen.Engine.Models;

/// <summary>What a model's packed weights take.</summary>
/// <param name="Bytes">Bytes beside the file; 0 where its rows are used in place.</param>
/// <param name="HugePageBytes">
/// How many of them the system held in huge pages after loading; null where it does not say, or where they are too few
/// to ask.
/// </param>
public readonly record struct WeightMemory(long Bytes, long? HugePageBytes);

/// <summary>
/// A model that the engine has loaded: what its users may read from any thread. Weights, cache and sequences belong to
/// the engine thread.
/// </summary>
public sealed class LoadedModel
{
    private readonly Lazy<ModelText> _text;

    internal LoadedModel(ModelFile file, ModelConfig config, int context, ModelOptions options)
    {
        File = file;
        Config = config;
        _text = new Lazy<ModelText>(() => ModelText.Read(file));
        Context = context;
        Options = options;
    }

    public ModelConfig Config { get; }

    /// <summary>
    /// Tokenizer, template and end tokens, read when first asked for: computing logits of given ids needs none of them.
    /// Throws <see cref="ModelFileException"/> where they cannot be used.
    /// </summary>
    public ModelText Text => _text.Value;

    /// <summary>Positions of one sequence.</summary>
    public int Context { get; }

    public ModelOptions Options { get; }

    /// <summary>What its weights take.</summary>
    public WeightMemory Weights { get; internal set; } // Set by the engine before anybody sees the model.

    /// <summary>What it is doing and has done; all of its numbers are of one moment.</summary>
    public ModelStatistics Statistics => Runtime.Counters.Read(Runtime.Gate);

    /// <summary>What its cache of keys and values may grow to.</summary>
    public long CacheBytes => Options.CacheTokens(Context) * Config.KvBytesPerToken;

    /// <summary>Where it was loaded from.</summary>
    public string Path => File.Path;

    internal ModelFile File { get; }

    internal ModelRuntime Runtime { get; set; } = null!; // Set by the engine before anybody sees the model.

    /// <summary>Refuses an empty text, one that does not fit the context, and ids outside the vocabulary.</summary>
    internal void CheckTokens(IReadOnlyList<int> tokens)
    {
        if (tokens.Count == 0)
            throw new RequestException("prompt", "the prompt must have one token or more, found none");
        if (tokens.Count > Context)
        {
            throw new RequestException(
                "prompt", $"the prompt has {tokens.Count} tokens, but the context has room for {Context}");
        }

        foreach (int token in tokens)
        {
            if (token < 0 || token >= Config.Vocabulary)
            {
                throw new RequestException(
                    "prompt", $"a token id must be 0 … {Config.Vocabulary - 1}, found {token}");
            }
        }
    }
}
