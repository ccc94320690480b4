namespace Fourteen.Engine.SafeTensors;

/// <summary>Which layers of a family see only a window of positions.</summary>
internal enum WindowedLayers
{
    /// <summary>None: a window in the configuration is refused.</summary>
    None,

    /// <summary>All, where <c>sliding_window</c> is set.</summary>
    All,

    /// <summary>From <c>max_window_layers</c> on, where <c>use_sliding_window</c> is true.</summary>
    FromLayer,

    /// <summary>A pattern of the architecture, which <c>layer_types</c> may replace.</summary>
    Pattern,
}

/// <summary>How one model type of transformers differs from the others, as data for the one reader.</summary>
/// <param name="ModelType">Value of <c>model_type</c> in config.json.</param>
/// <param name="Architecture">Value of <c>general.architecture</c> that llama.cpp's converter writes.</param>
internal sealed record HuggingFaceFamily(string ModelType, string Architecture)
{
    /// <summary>
    /// What a key means where config.json leaves it out, as a JSON object: transformers' own defaults, as far as
    /// published files rely on them. A key that is there and null stays null.
    /// </summary>
    internal string Defaults { get; init; } = "{}";

    /// <summary>Where the activation stands: the first of these keys that is set.</summary>
    internal string[] ActivationKeys { get; init; } = ["hidden_act"];

    /// <summary>Names of the one activation that the architecture computes, which is meant where none stands.
    /// </summary>
    internal string[] Activations { get; init; } = ["silu", "swish"];

    /// <summary>Keys of other families that transformers does not read for this one.</summary>
    internal string[] IgnoredKeys { get; init; } = [];

    internal WindowedLayers Windows { get; init; }

    /// <summary>Whether layers with a window turn by a base of their own.</summary>
    internal bool LocalRope { get; init; }

    /// <summary>Whether the scaling is longrope, which older files call <c>su</c> or <c>yarn</c>.</summary>
    internal bool LongRope { get; init; }

    /// <summary>Whether the feed-forward layers are experts behind a router.</summary>
    internal bool Experts { get; init; }

    /// <summary>What the stored weights of norms lack: GGUF files hold them with it.</summary>
    internal double NormOffset { get; init; }

    /// <summary>Whether attention scores and logits may be capped.</summary>
    internal bool SoftCaps { get; init; }

    /// <summary>Whether queries are scaled by 1 / √<c>query_pre_attn_scalar</c>.</summary>
    internal bool QueryScale { get; init; }

    /// <summary>The key of the language model's settings in a checkpoint that has other parts too, or null.</summary>
    internal string? TextConfig { get; init; }

    /// <summary>
    /// Names in a layer that the shared table lacks or has otherwise, without suffix; * stands for an expert's number.
    /// </summary>
    internal Dictionary<string, string> LayerNames { get; init; } = [];

    /// <summary>The language model's settings, with the family's defaults.</summary>
    internal JsonSettings LanguageModel(JsonSettings config)
    {
        if (TextConfig is null)
            return config.WithDefaults(Defaults);
        JsonSettings? text = config.FindObject(TextConfig);
        return text?.WithDefaults(Defaults)
            ?? throw config.Refuse(TextConfig, $"a {ModelType} model must have this key, but it is missing");
    }
}
