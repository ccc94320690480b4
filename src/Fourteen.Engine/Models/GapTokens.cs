using Fourteen.Engine.Gguf;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Engine.Models;

/// <summary>Tokens between which a model fills a gap: the text before it, the text after it, and then the answer.
/// </summary>
public sealed record GapTokens(int Prefix, int Suffix, int Middle)
{
    /// <summary>Texts of Qwen, StarCoder, DeepSeek, CodeGemma and Granite, and of Code Llama.</summary>
    private static readonly (string Prefix, string Suffix, string Middle)[] Texts =
    [
        ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
        ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
        ("▁<PRE>", "▁<SUF>", "▁<MID>"),
    ];

    /// <summary>What the file's metadata names, or tokens that are known by their texts; null for none.</summary>
    internal static GapTokens? Find(GgufMetadata metadata, Tokenizer tokenizer)
    {
        int? Key(string name) =>
            metadata.FindInteger($"tokenizer.ggml.{name}_token_id") is { } id && id >= 0
                && id < tokenizer.VocabularySize
                ? (int)id
                : null;
        if (Key("fim_pre") is { } prefix && Key("fim_suf") is { } suffix && Key("fim_mid") is { } middle)
            return new GapTokens(prefix, suffix, middle);
        foreach ((string before, string after, string gap) in Texts)
        {
            if (tokenizer.FindAddedToken(before) is { } b && tokenizer.FindAddedToken(after) is { } a
                && tokenizer.FindAddedToken(gap) is { } g)
            {
                return new GapTokens(b, a, g);
            }
        }

        return null;
    }
}
