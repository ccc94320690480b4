using Fourteen.Engine.Tokenizers;

namespace Fourteen.Engine.Synthetic;

/// <summary>
/// A vocabulary of any size for models whose text means nothing: byte-level BPE with every byte, then merges of two
/// bytes, then of three, and at the end the tokens that begin and end messages of ChatML. It is valid, so that other
/// engines load it, and says nothing of the language.
/// </summary>
internal static class SyntheticVocabulary
{
    private static readonly string[] Control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

    private const int Bytes = 256;
    private const int NormalType = 1;
    private const int ControlType = 3;

    /// <summary>Tokens that there must be.</summary>
    internal const int SizeMin = Bytes + 3;

    /// <summary>The keys <c>tokenizer.ggml.*</c> of a vocabulary of <paramref name="size"/> tokens.</summary>
    internal static IEnumerable<KeyValuePair<string, object>> Keys(int size)
    {
        int merged = size - SizeMin;
        string[] tokens = new string[size];
        string[] merges = new string[merged];
        int[] types = new int[size];
        Array.Fill(types, NormalType);
        for (int value = 0; value < Bytes; value++)
            tokens[value] = ByteAlphabet.Spell((byte)value).ToString();
        for (int i = 0; i < merged; i++)
        {
            // First every pair of bytes, then every pair with a third byte, and so on.
            string left = tokens[i / Bytes], right = tokens[i % Bytes];
            tokens[Bytes + i] = left + right;
            merges[i] = $"{left} {right}";
        }

        for (int i = 0; i < Control.Length; i++)
        {
            tokens[Bytes + merged + i] = Control[i];
            types[Bytes + merged + i] = ControlType;
        }

        yield return new("tokenizer.ggml.model", "gpt2");
        yield return new("tokenizer.ggml.pre", "qwen2");
        yield return new("tokenizer.ggml.tokens", tokens);
        yield return new("tokenizer.ggml.token_type", types);
        yield return new("tokenizer.ggml.merges", merges);
        yield return new("tokenizer.ggml.bos_token_id", (uint)(size - 3));
        yield return new("tokenizer.ggml.eos_token_id", (uint)(size - 1));
        yield return new("tokenizer.ggml.padding_token_id", (uint)(size - 3));
        yield return new("tokenizer.ggml.add_bos_token", false);
    }
}
