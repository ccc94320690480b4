using System.Text.Json.Nodes;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

public sealed class HuggingFaceFolderTests
{
    [Fact]
    public void Open_ChatModel_ReadsEndTokensSamplingAndTemplate()
    {
        string folder = SharedFiles.Model("qwen3-tiny-chat");
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "model.safetensors")), "the folder has only the GGUF file");
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder);
        GgufMetadata metadata = model.Metadata;

        Assert.Equal((long[])[744, 742], metadata.FindIntegers("fourteen.eos_token_ids"));
        Assert.Equal(744, metadata.FindInteger("tokenizer.ggml.eos_token_id"));
        Assert.Equal(742, metadata.FindInteger("tokenizer.ggml.padding_token_id"));
        Assert.Equal(0.6, metadata.FindFloat("fourteen.sampling.temperature"));
        Assert.Equal(20, metadata.FindInteger("fourteen.sampling.top_k"));
        Assert.Equal(0.95, metadata.FindFloat("fourteen.sampling.top_p"));
        Assert.StartsWith(
            "{%- if tools %}", metadata.RequireString("tokenizer.chat_template"), StringComparison.Ordinal);
        Assert.False(model.Tensors.TryFind("output.weight", out _));
        Assert.Equal("qwen3-tiny-chat", metadata.FindString("general.name"));
    }

    [Fact]
    public void Open_Yarn_WritesTheKeysOfTheConverter()
    {
        using ModelFolder folder = new("qwen3");
        folder.Config["rope_scaling"] = new JsonObject
        {
            ["type"] = "yarn",
            ["factor"] = 4,
            ["original_max_position_embeddings"] = 32,
            ["beta_fast"] = 16,
            ["attention_factor"] = 2.0,
        };
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);
        GgufMetadata metadata = model.Metadata;

        Assert.Equal("yarn", metadata.FindString("qwen3.rope.scaling.type"));
        Assert.Equal(4, metadata.FindFloat("qwen3.rope.scaling.factor"));
        Assert.Equal(32, metadata.FindInteger("qwen3.rope.scaling.original_context_length"));
        Assert.Equal(16, metadata.FindFloat("qwen3.rope.scaling.yarn_beta_fast"));
        // Source: qwen3.md, section 1.4: m = 1.138629436 for s = 4, and the key stands beside it.
        Assert.Equal(2 / 1.138629436, metadata.FindFloat("qwen3.rope.scaling.attn_factor").GetValueOrDefault(), 1e-7);
    }

    [Fact]
    public void Open_Llama3ScalingInEitherForm_WritesTheSameKeys()
    {
        JsonObject scaling = new()
        {
            ["rope_type"] = "llama3",
            ["factor"] = 8.0,
            ["low_freq_factor"] = 1.0,
            ["high_freq_factor"] = 4.0,
            ["original_max_position_embeddings"] = 8192,
        };
        using ModelFolder old = new("llama");
        old.Config["rope_theta"] = 500000.0;
        old.Config["rope_scaling"] = scaling.DeepClone();
        using ModelFolder recent = new("llama");
        recent.Config.Remove("rope_theta");
        scaling["rope_theta"] = 500000;
        recent.Config["rope_parameters"] = scaling;
        using HuggingFaceFolder a = HuggingFaceFolder.Open(old.Write().Path);
        using HuggingFaceFolder b = HuggingFaceFolder.Open(recent.Write().Path);

        Assert.Equal("llama3", a.Metadata.FindString("llama.rope.scaling.type"));
        Assert.Equal(4.0, a.Metadata.FindFloat("llama.rope.scaling.high_freq_factor"));
        foreach (string key in a.Metadata.Keys.Where(key => key != "general.name"))
            Assert.Equal(a.Metadata.FindValue(key), b.Metadata.FindValue(key));
    }

    [Fact]
    public void Open_TiedModelWithARedundantHead_DropsIt()
    {
        using ModelFolder folder = new("llama");
        folder.Config["tie_word_embeddings"] = true;
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Write().Path);

        Assert.False(model.Tensors.TryFind("output.weight", out _));
        Assert.True(model.Tensors.TryFind("token_embd.weight", out TensorEntry? embedding));
        Assert.Equal([8L, 10L], embedding.Dimensions);
    }

    [Fact]
    public void Open_TemplateFile_GoesBeforeTheConfig()
    {
        using ModelFolder folder = new("llama");
        folder.Write();
        folder.WriteText("tokenizer_config.json", """
            {"chat_template": [{"name": "default", "template": "A"}, {"name": "tool_use", "template": "B"}],
             "eos_token": {"content": "<e>"}, "bos_token": "<b>",
             "added_tokens_decoder": {"3": {"content": "<e>"}, "4": {"content": "<b>"}}}
            """);
        folder.WriteText("generation_config.json", """{"eos_token_id": [7, 3]}""");
        using HuggingFaceFolder first = HuggingFaceFolder.Open(folder.Path);
        folder.WriteText("chat_template.jinja", "C");
        using HuggingFaceFolder second = HuggingFaceFolder.Open(folder.Path);

        Assert.Equal("A", first.Metadata.FindString("tokenizer.chat_template"));
        Assert.Equal("B", first.Metadata.FindString("tokenizer.chat_template.tool_use"));
        Assert.Equal((string[])["tool_use"], first.Metadata.FindStrings("tokenizer.chat_templates"));
        Assert.Equal(3, first.Metadata.FindInteger("tokenizer.ggml.eos_token_id"));
        Assert.Equal(4, first.Metadata.FindInteger("tokenizer.ggml.bos_token_id"));
        Assert.Equal((long[])[7, 3], first.Metadata.FindIntegers("fourteen.eos_token_ids"));
        Assert.Equal("C", second.Metadata.FindString("tokenizer.chat_template"));
    }
}
