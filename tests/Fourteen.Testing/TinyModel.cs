using Fourteen.Formats;

namespace Fourteen.Testing;

/// <summary>
/// A two-layer model of random but seeded weights, written as a GGUF file: any architecture of four query and two
/// key/value heads of 64, hidden 256, feed-forward 512, vocabulary 80, with every matrix in the type that is asked for.
/// </summary>
public static class TinyModel
{
    public const int Vocabulary = 80;
    private const int Hidden = 256, FeedForward = 512, Heads = 4, KvHeads = 2, HeadDim = 64, Layers = 2;

    /// <summary>Writes the model to a temporary file and returns its path; the caller deletes it.</summary>
    /// <param name="more">Metadata that comes on top; a key of the model's own is replaced.</param>
    public static string Write(
        string architecture, GgmlType type, int seed, params ReadOnlySpan<(string Key, object Value)> more)
    {
        string path = Path.Combine(Path.GetTempPath(), $"fourteen-{architecture}-{type}-{Guid.NewGuid():N}.gguf");
        File.WriteAllBytes(path, Builder(architecture, type, seed, more).Build());
        return path;
    }

    /// <summary>The model before it is written, for tests that change or break it.</summary>
    /// <inheritdoc cref="Write"/>
    public static GgufBuilder Builder(
        string architecture, GgmlType type, int seed, params ReadOnlySpan<(string Key, object Value)> more)
    {
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
        void Matrix(string name, int rows, int columns) => builder.AddTensor(
            name, type, [columns, rows], RandomWeights.Of(type, rows, columns, seed++));
        void Norm(string name, int length) => builder.AddTensor(name, GgmlType.F32, [length], Ones(length));
        Matrix("token_embd.weight", Vocabulary, Hidden);
        Norm("output_norm.weight", Hidden);
        Matrix("output.weight", Vocabulary, Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            string at = $"blk.{layer}";
            Norm($"{at}.attn_norm.weight", Hidden);
            Matrix($"{at}.attn_q.weight", Heads * HeadDim, Hidden);
            Matrix($"{at}.attn_k.weight", KvHeads * HeadDim, Hidden);
            Matrix($"{at}.attn_v.weight", KvHeads * HeadDim, Hidden);
            if (architecture == "qwen3")
            {
                Norm($"{at}.attn_q_norm.weight", HeadDim);
                Norm($"{at}.attn_k_norm.weight", HeadDim);
            }

            if (architecture == "qwen2")
            {
                Norm($"{at}.attn_q.bias", Heads * HeadDim);
                Norm($"{at}.attn_k.bias", KvHeads * HeadDim);
                Norm($"{at}.attn_v.bias", KvHeads * HeadDim);
            }

            Matrix($"{at}.attn_output.weight", Hidden, Heads * HeadDim);
            Norm($"{at}.ffn_norm.weight", Hidden);
            Matrix($"{at}.ffn_gate.weight", FeedForward, Hidden);
            Matrix($"{at}.ffn_up.weight", FeedForward, Hidden);
            Matrix($"{at}.ffn_down.weight", Hidden, FeedForward);
        }

        foreach ((string key, object value) in more)
            builder.Set(key, value);
        return builder;
    }

    private static byte[] Ones(int length)
    {
        byte[] bytes = new byte[length * sizeof(float)];
        for (int i = 0; i < length; i++)
            BitConverter.TryWriteBytes(bytes.AsSpan(i * sizeof(float)), 1f);
        return bytes;
    }
}
