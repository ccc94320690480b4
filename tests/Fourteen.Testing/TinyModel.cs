using Fourteen.Formats;

namespace Fourteen.Testing;

/// <summary>
/// A two-layer model of random but seeded weights, written as a GGUF file: any family of four query and two key/value
/// heads of 64, hidden 256, feed-forward 512, vocabulary 80, with every matrix in the type that is asked for. Families
/// are architectures, and <c>mistral</c> (a llama with a window of 40) and <c>mixtral</c> (a llama with experts).
/// </summary>
public static class TinyModel
{
    public const int Vocabulary = 80;
    private const int Hidden = 256, FeedForward = 512, Heads = 4, KvHeads = 2, HeadDim = 64, Layers = 2;
    private const int Queries = Heads * HeadDim, Keys = KvHeads * HeadDim, Experts = 5, Window = 40;

    /// <summary>Writes the model to a temporary file and returns its path; the caller deletes it.</summary>
    /// <param name="more">Metadata that comes on top; a key of the model's own is replaced.</param>
    public static string Write(
        string family, GgmlType type, int seed, params ReadOnlySpan<(string Key, object Value)> more)
    {
        string path = Path.Combine(Path.GetTempPath(), $"fourteen-{family}-{type}-{Guid.NewGuid():N}.gguf");
        File.WriteAllBytes(path, Builder(family, type, seed, more).Build());
        return path;
    }

    /// <summary>The model before it is written, for tests that change or break it.</summary>
    /// <inheritdoc cref="Write"/>
    public static GgufBuilder Builder(
        string family, GgmlType type, int seed, params ReadOnlySpan<(string Key, object Value)> more)
    {
        string architecture = family is "mistral" or "mixtral" ? "llama" : family;
        GgufBuilder builder = new GgufBuilder()
            .Add("general.architecture", architecture)
            .Add($"{architecture}.block_count", (uint)Layers)
            .Add($"{architecture}.context_length", 4096u)
            .Add($"{architecture}.embedding_length", (uint)Hidden)
            .Add($"{architecture}.feed_forward_length", (uint)FeedForward)
            .Add($"{architecture}.attention.head_count", (uint)Heads)
            .Add($"{architecture}.attention.head_count_kv", (uint)KvHeads)
            .Add($"{architecture}.attention.key_length", (uint)HeadDim)
            .Add($"{architecture}.attention.value_length", (uint)HeadDim)
            .Add($"{architecture}.attention.layer_norm_rms_epsilon", 1e-6f)
            .Add($"{architecture}.rope.freq_base", 1e6f);
        if (family is "mistral" or "gemma2" or "gemma3")
            builder.Add($"{architecture}.attention.sliding_window", (uint)Window);
        if (family is "mixtral" or "qwen3moe")
        {
            builder.Add($"{architecture}.expert_count", (uint)Experts)
                .Add($"{architecture}.expert_used_count", 2u);
        }

        new Tensors(builder, family, type, seed).Add();
        foreach ((string key, object value) in more)
            builder.Set(key, value);
        return builder;
    }

    /// <summary>The tensors of a family, each matrix with a seed of its own.</summary>
    private sealed class Tensors(GgufBuilder builder, string family, GgmlType type, int seed)
    {
        internal void Add()
        {
            Matrix("token_embd.weight", Vocabulary, Hidden);
            Norm("output_norm.weight", Hidden);
            Matrix("output.weight", Vocabulary, Hidden);
            for (int layer = 0; layer < Layers; layer++)
            {
                Attention($"blk.{layer}");
                FeedForwardBlock($"blk.{layer}");
            }
        }

        private void Attention(string at)
        {
            Norm($"{at}.attn_norm.weight", Hidden);
            if (family == "phi3")
            {
                Matrix($"{at}.attn_qkv.weight", Queries + (2 * Keys), Hidden);
            }
            else
            {
                Matrix($"{at}.attn_q.weight", Queries, Hidden);
                Matrix($"{at}.attn_k.weight", Keys, Hidden);
                Matrix($"{at}.attn_v.weight", Keys, Hidden);
            }

            if (family is "qwen3" or "qwen3moe" or "gemma3")
            {
                Norm($"{at}.attn_q_norm.weight", HeadDim);
                Norm($"{at}.attn_k_norm.weight", HeadDim);
            }

            if (family == "qwen2")
            {
                Norm($"{at}.attn_q.bias", Queries);
                Norm($"{at}.attn_k.bias", Keys);
                Norm($"{at}.attn_v.bias", Keys);
            }

            Matrix($"{at}.attn_output.weight", Hidden, Queries);
            if (family is "gemma2" or "gemma3")
                Norm($"{at}.post_attention_norm.weight", Hidden);
        }

        private void FeedForwardBlock(string at)
        {
            Norm($"{at}.ffn_norm.weight", Hidden);
            if (family is "mixtral" or "qwen3moe")
            {
                Add($"{at}.ffn_gate_inp.weight", GgmlType.F32, Hidden, Experts);
                Add($"{at}.ffn_gate_exps.weight", type, Hidden, FeedForward, Experts);
                Add($"{at}.ffn_up_exps.weight", type, Hidden, FeedForward, Experts);
                Add($"{at}.ffn_down_exps.weight", type, FeedForward, Hidden, Experts);
                return;
            }

            if (family != "phi3")
                Matrix($"{at}.ffn_gate.weight", FeedForward, Hidden);
            Matrix($"{at}.ffn_up.weight", family == "phi3" ? 2 * FeedForward : FeedForward, Hidden);
            Matrix($"{at}.ffn_down.weight", Hidden, FeedForward);
            if (family is "gemma2" or "gemma3")
                Norm($"{at}.post_ffw_norm.weight", Hidden);
        }

        private void Matrix(string name, int rows, int columns) => Add(name, type, columns, rows);

        private void Add(string name, GgmlType of, int columns, int rows, int stack = 1) => builder.AddTensor(
            name, of, stack == 1 ? [columns, rows] : [columns, rows, stack],
            RandomWeights.Of(of, rows * stack, columns, seed++));

        private void Norm(string name, int length) =>
            builder.AddTensor(name, GgmlType.F32, [length], Ones(length));
    }

    private static byte[] Ones(int length)
    {
        byte[] bytes = new byte[length * sizeof(float)];
        for (int i = 0; i < length; i++)
            BitConverter.TryWriteBytes(bytes.AsSpan(i * sizeof(float)), 1f);
        return bytes;
    }
}
