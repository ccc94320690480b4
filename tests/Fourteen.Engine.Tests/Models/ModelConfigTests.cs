using Fourteen.Engine.Models;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Models;

/// <summary>
/// Numbers of a configuration that no model has: each is refused by its key before anything is made from it.
/// </summary>
public sealed class ModelConfigTests
{
    public static TheoryData<string, object[]> Impossible() => new()
    {
        { "block_count", ["block_count", 0u] },
        { "block_count", ["block_count", 1_000_000u] }, // More layers than the file has tensors.
        { "context_length", ["context_length", 0u] },
        { "context_length", ["context_length", 1u << 30] },
        { "feed_forward_length", ["feed_forward_length", 1u << 23] },
        { "embedding_length", ["embedding_length", -1] },
        { "attention.head_count", ["attention.head_count", 2048u] },
        { "attention.head_count_kv", ["attention.head_count_kv", 3u] },
        { "attention.head_count_kv", ["attention.head_count", 66u] }, // 33 query heads for each of 2.
        { "attention.key_length", ["attention.key_length", 1_016_801u, "attention.value_length", 1_016_801u] },
        // 8448 · 1016801 and 4224 · 1016801 are 256 and 128 in 32 bits, which are the rows of the file's matrices.
        {
            "attention.head_count",
            [
                "attention.head_count", 8448u, "attention.head_count_kv", 4224u, "attention.key_length", 1_016_801u,
                "attention.value_length", 1_016_801u, "rope.dimension_count", 64u,
            ]
        },
        { "attention.value_length", ["attention.value_length", 32u] },
        { "attention.layer_norm_rms_epsilon", ["attention.layer_norm_rms_epsilon", float.NaN] },
        { "attention.layer_norm_rms_epsilon", ["attention.layer_norm_rms_epsilon", -1f] },
        { "rope.dimension_count", ["rope.dimension_count", 63u] },
        { "rope.dimension_count", ["rope.dimension_count", 66u] },
        { "rope.freq_base", ["rope.freq_base", 0f] },
        { "rope.freq_base", ["rope.freq_base", 1e-300] },
        { "rope.scaling", ["rope.scaling.type", "yarn", "rope.scaling.original_context_length", -5] },
        { "rope.scaling", ["rope.scaling.type", "yarn", "rope.scaling.attn_factor", float.PositiveInfinity] },
        { "rope.scaling", ["rope.scaling.type", "llama3", "rope.scaling.low_freq_factor", float.NaN] },
        { "rope.scaling.factor", ["rope.scaling.type", "linear", "rope.scaling.factor", -2f] },
        { "rope.scaling.factor", ["rope.scaling.type", "linear", "rope.scaling.factor", 1e30f] },
        { "rope.scaling.factor", ["rope.scaling.type", "yarn", "rope.scaling.factor", 0f] },
        { "rope.scaling.factor", ["rope.scaling.type", "llama3", "rope.scaling.factor", float.NaN] },
        { "rope.scaling.attn_factor", ["rope.scaling.type", "yarn", "rope.scaling.attn_factor", 0f] },
        { "rope.scaling.attn_factor", ["rope.scaling.type", "yarn", "rope.scaling.attn_factor", -1f] },
        { "rope.scaling.yarn_beta_fast", ["rope.scaling.type", "yarn", "rope.scaling.yarn_beta_fast", 0f] },
        { "rope.scaling.yarn_beta_slow", ["rope.scaling.type", "yarn", "rope.scaling.yarn_beta_slow", float.NaN] },
        { "rope.scaling.high_freq_factor", ["rope.scaling.type", "llama3", "rope.scaling.high_freq_factor", -4f] },
        {
            "rope.scaling.original_context_length",
            ["rope.scaling.type", "yarn", "rope.scaling.original_context_length", uint.MaxValue]
        },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Read_ANumberThatNoModelHas_NamesTheKey(string key, object[] values)
    {
        GgufBuilder builder = TinyModel.Builder("qwen3", GgmlType.Q4_0, seed: 1);
        for (int i = 0; i < values.Length; i += 2)
            builder.Set($"qwen3.{values[i]}", values[i + 1]);
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());

        ModelFileException refused = Assert.Throws<ModelFileException>(() => ModelConfig.Read(file, new RopeOptions()));

        Assert.StartsWith($"qwen3.{key}", refused.Place, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("general.architecture")]
    [InlineData("qwen3.rope.scaling.type")]
    [InlineData("qwen3.block_count")]
    [InlineData("tokenizer.ggml.model")]
    [InlineData("tokenizer.ggml.pre")]
    public void Read_ALongTextWithControlCharacters_IsQuotedSafely(string key)
    {
        GgufBuilder builder = GgufBuilder.Sample().Set(key, "\u001b[31m\n" + new string('x', 5000));
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());

        string message = Assert.Throws<ModelFileException>(() =>
        {
            ModelConfig.Read(file, new RopeOptions());
            ModelText.Read(file);
        }).Message;

        Assert.True(message.Length < 500 && !message.Any(char.IsControl), message);
    }

    [Theory]
    [InlineData("{% for %}")]
    [InlineData("{{ x")]
    public void Summary_OfABrokenTemplate_SaysSo(string template)
    {
        GgufBuilder builder = GgufBuilder.Sample().Set("tokenizer.chat_template", template);
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());

        ModelSummary summary = ModelSummary.Read(file);

        Assert.NotNull(summary.Config);
        Assert.Null(summary.Text);
        Assert.Contains("chat_template", summary.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_WhoseThoughtHasNoEmbedding_IsRefused()
    {
        // The markers are tokens 6 and 7, and the embedding has six rows.
        GgufBuilder builder = GgufBuilder.Sample()
            .Set("tokenizer.ggml.tokens", (string[])["a", "b", "", "löng", "<|end|>", "ab", "<think>", "</think>"])
            .Set("tokenizer.ggml.token_type", (int[])[1, 1, 1, 1, 3, 1, 4, 4])
            .Set("tokenizer.ggml.scores", new float[8]);
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());

        Assert.Contains("<think>", Assert.Throws<ModelFileException>(() => ModelText.Read(file)).Message,
            StringComparison.Ordinal);
    }
}
