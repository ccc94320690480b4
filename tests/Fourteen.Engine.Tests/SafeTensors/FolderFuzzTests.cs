using System.Text;
using System.Text.Json.Nodes;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Engine.Tests.Tokenizers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

/// <summary>
/// Broken model folders, one file after another: each gives a result or our exception, in memory and time that its size
/// justifies. Folders that still open go on to the configuration, the tokenizer and the template, and to logits.
/// </summary>
public sealed class FolderFuzzTests
{
    private const string Weights = "model.safetensors";
    private const string Index = "model.safetensors.index.json";

    /// <summary>
    /// Some megabytes: what a folder of 10 KB takes to read, tokenizer and template included. A byte of JSON becomes a
    /// value of 12 bytes in a document, which is held as text too, and a string of two bytes a character.
    /// </summary>
    private static readonly FuzzMemory Memory = new(4_000_000, PerByte: 100);

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData(Weights)]
    [InlineData(Index)]
    public void Read_BrokenFile_GivesResultOrOurException(string name)
    {
        using ModelFolder folder = Create(inParts: name == Index);
        Func<Random, byte[]> make = Mutator(folder, name);
        FuzzRun.OverBytes(name, Memory, make, input =>
        {
            Replace(folder, name, input);
            using ModelFile file = ModelFile.Open(folder.Path);
            Assert.All(file.Tensors.All, Check);
            ModelUse.Read(file);
        });
    }

    [Theory]
    [InlineData("gemma3", """
        {"text_config": {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "sliding_window_pattern": 2,
         "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8}, "sliding_attention": {}}}}
        """)]
    [InlineData("phi3", """
        {"original_max_position_embeddings": 16, "sliding_window": 32,
         "rope_scaling": {"type": "longrope", "short_factor": [1, 2], "long_factor": [3, 4.5]}}
        """)]
    [InlineData("qwen3_moe", """
        {"num_experts": 2, "num_experts_per_tok": 1, "moe_intermediate_size": 4, "norm_topk_prob": true}
        """)]
    public void Open_BrokenConfigOfAFamily_GivesResultOrOurException(string type, string keys)
    {
        using ModelFolder folder = new ModelFolder(type).With(keys);
        if (type == "qwen3_moe")
            folder.Add("model.layers.0.mlp.experts.gate_up_proj", 2, 8, 8);
        folder.Write();
        JsonMutator mutator = new(Encoding.UTF8.GetBytes(folder.Config.ToJsonString()));
        FuzzRun.OverBytes($"config.json of {type}", Memory, mutator.Next, input =>
        {
            Replace(folder, "config.json", input);
            using ModelFile file = ModelFile.Open(folder.Path);
            Assert.All(file.Tensors.All, Check);
            ModelConfig.Read(file, new RopeOptions());
        });
    }

    [Fact]
    public async Task Load_BrokenFile_GivesLogitsOrOurException()
    {
        using ModelFolder folder = Create(inParts: false);
        string[] names = ["config.json", "tokenizer_config.json", Weights];
        Func<Random, byte[]>[] make = [.. names.Select(name => Mutator(folder, name))];
        byte[][] originals = [.. names.Select(name => File.ReadAllBytes(Path.Combine(folder.Path, name)))];
        await ModelUse.ComputeAsync(folder.Path, random =>
        {
            int broken = random.Next(names.Length);
            for (int i = 0; i < names.Length; i++)
                Replace(folder, names[i], i == broken ? make[i](random) : originals[i]);
        });
    }

    [Fact]
    public void Open_IndexWithAnEndlessFileName_IsRefusedBriefly()
    {
        using ModelFolder folder = Create(inParts: true);
        string name = new string('x', 70_000) + ".safetensors";
        folder.WriteText(Index, new JsonObject { ["weight_map"] = new JsonObject { ["a"] = name } }.ToJsonString());

        string message = Assert.Throws<ModelFileException>(() => ModelFile.Open(folder.Path)).Message;

        Assert.Contains("beside the index", message, StringComparison.Ordinal);
        Assert.True(message.Length < 1000, message);
    }

    /// <summary>Anew, since a file system may wait for the disk where a file is cut to nothing and written again.
    /// </summary>
    private static void Replace(ModelFolder folder, string name, byte[] content)
    {
        File.Delete(Path.Combine(folder.Path, name));
        folder.WriteBytes(name, content);
    }

    private static Func<Random, byte[]> Mutator(ModelFolder folder, string name)
    {
        byte[] original = File.ReadAllBytes(Path.Combine(folder.Path, name));
        if (name == Weights)
            return new SafeTensorsMutator(original).Next;
        JsonMutator own = new(original);
        JsonMutator[] others = [.. Published(name).Select(json => new JsonMutator(json))];
        // Half of the files fit the folder's other files, the other half are as published.
        return random => random.Next(2) == 0 || others.Length == 0
            ? own.Next(random)
            : others[random.Next(others.Length)].Next(random);
    }

    /// <summary>The different files of this name beside the golden models.</summary>
    private static IEnumerable<byte[]> Published(string name)
    {
        string? root = SharedFiles.FindGolden("models");
        string[] folders = root is null ? [] : [.. Directory.GetDirectories(root).Order(StringComparer.Ordinal)];
        return folders.Select(folder => Path.Combine(folder, name)).Where(File.Exists).Select(File.ReadAllBytes)
            .DistinctBy(Convert.ToHexString);
    }

    /// <summary>A whole model of one layer that computes, in one file or in two.</summary>
    private static ModelFolder Create(bool inParts)
    {
        ModelFolder folder = new("qwen3");
        folder.Config["vocab_size"] = 310;
        folder.Config["rope_scaling"] = JsonNode.Parse(
            """{"rope_type":"yarn","factor":4,"original_max_position_embeddings":16,"beta_fast":32,"mscale":1}""");
        folder.Config["eos_token_id"] = new JsonArray(300, 301);
        folder.Add("model.embed_tokens.weight", 310, 8);
        folder.Add("lm_head.weight", 310, 8);
        const string Layer = "model.layers.0.";
        foreach ((string name, long[] shape) in ((string, long[])[])
        [
            ("input_layernorm", [8]), ("post_attention_layernorm", [8]), ("self_attn.q_norm", [4]),
            ("self_attn.k_norm", [4]), ("self_attn.k_proj", [4, 8]), ("self_attn.v_proj", [4, 8]),
            ("self_attn.o_proj", [8, 8]), ("mlp.gate_proj", [16, 8]), ("mlp.up_proj", [16, 8]),
            ("mlp.down_proj", [8, 16]),
        ])
            folder.Add($"{Layer}{name}.weight", shape);
        folder.Write();
        folder.WriteBytes("tokenizer.json", Encoding.UTF8.GetBytes(SmallTokenizerJson.Rich().ToJsonString()));
        folder.WriteText("generation_config.json", """
            {"bos_token_id":300,"do_sample":true,"eos_token_id":[300,301],"temperature":0.6,"top_k":20,"top_p":0.95,
            "min_p":0.1,"typical_p":1,"repetition_penalty":1.1,"transformers_version":"4.51.0"}
            """);
        folder.WriteText("tokenizer_config.json", """
            {"add_bos_token":false,"bos_token":null,"eos_token":{"content":"<bos>"},"pad_token":"<think>",
            "added_tokens_decoder":{"300":{"content":"<bos>","special":true},"301":{"content":"<think>"}},
            "chat_template":[{"name":"default","template":"{% for m in messages %}{{ m['content'] }}{% endfor %}"},
            {"name":"tool_use","template":"{{ tools|tojson }}"}]}
            """);
        if (inParts)
            Split(folder);
        return folder;
    }

    private static void Split(ModelFolder folder)
    {
        JsonObject map = [];
        foreach ((string part, IEnumerable<KeyValuePair<string, long[]>> tensors) in
            ((string, IEnumerable<KeyValuePair<string, long[]>>)[])
            [
                ("model-00001-of-00002.safetensors", folder.Tensors.Take(5)),
                ("model-00002-of-00002.safetensors", folder.Tensors.Skip(5)),
            ])
        {
            folder.WriteBytes(part, ModelFolder.Pack(tensors));
            foreach ((string name, _) in tensors)
                map[name] = part;
        }

        File.Delete(Path.Combine(folder.Path, Weights));
        folder.WriteText(Index, new JsonObject
        {
            ["metadata"] = new JsonObject { ["total_size"] = 1000 },
            ["weight_map"] = map,
        }.ToJsonString());
    }

    private static void Check(TensorEntry tensor) =>
        Assert.True(tensor.Bytes > 0 && tensor.Elements > 0 && tensor.Address > 0, tensor.Name);
}
