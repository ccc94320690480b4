using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fourteen.Engine.Tests.SafeTensors;

/// <summary>
/// A folder for one test, with a tiny valid model of any type in it whose parts can be changed before they are written.
/// Disposing deletes it.
/// </summary>
internal sealed class ModelFolder : IDisposable
{
    internal ModelFolder(string modelType)
    {
        Config = new JsonObject
        {
            ["architectures"] = new JsonArray("TinyForCausalLM"),
            ["model_type"] = modelType,
            ["hidden_size"] = 8,
            ["intermediate_size"] = 16,
            ["num_hidden_layers"] = 1,
            ["num_attention_heads"] = 2,
            ["num_key_value_heads"] = 1,
            ["head_dim"] = 4,
            ["vocab_size"] = 10,
            ["max_position_embeddings"] = 64,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000.0,
            ["tie_word_embeddings"] = false,
            ["torch_dtype"] = "bfloat16",
        };
        Add("model.embed_tokens.weight", 10, 8);
        Add("model.norm.weight", 8);
        Add("lm_head.weight", 10, 8);
        Add("model.layers.0.self_attn.q_proj.weight", 8, 8);
        Directory.CreateDirectory(Path);
    }

    internal string Path { get; } =
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), "fourteen-" + System.IO.Path.GetRandomFileName());

    internal JsonObject Config { get; }

    /// <summary>Name → shape of the BF16 tensors.</summary>
    internal Dictionary<string, long[]> Tensors { get; } = [];

    /// <summary>Sets the keys of a JSON object in the configuration.</summary>
    internal ModelFolder With(string keys)
    {
        foreach ((string key, JsonNode? value) in JsonNode.Parse(keys)!.AsObject()) // Tests give no "null".
            Config[key] = value?.DeepClone();
        return this;
    }

    internal void Add(string name, params long[] shape) => Tensors[name] = shape;

    internal void WriteConfig() => WriteText("config.json", Config.ToJsonString());

    internal void WriteText(string name, string text) => File.WriteAllText(System.IO.Path.Combine(Path, name), text);

    internal void WriteBytes(string name, byte[] bytes) =>
        File.WriteAllBytes(System.IO.Path.Combine(Path, name), bytes);

    /// <summary>Writes config.json and model.safetensors.</summary>
    internal ModelFolder Write()
    {
        WriteConfig();
        WriteBytes("model.safetensors", Pack(Tensors));
        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>A safetensors file of tensors of one type; byte i of the data is i modulo 251.</summary>
    internal static byte[] Pack(
        IEnumerable<KeyValuePair<string, long[]>> tensors, string dtype = "BF16", int elementBytes = 2)
    {
        JsonObject header = new() { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        long end = 0;
        foreach ((string name, long[] shape) in tensors)
        {
            long begin = end;
            end += shape.Aggregate((long)elementBytes, (product, size) => product * size);
            header[name] = new JsonObject
            {
                ["dtype"] = dtype,
                ["shape"] = JsonSerializer.SerializeToNode(shape),
                ["data_offsets"] = new JsonArray(begin, end),
            };
        }

        return Pack(header.ToJsonString(), [.. Enumerable.Range(0, (int)end).Select(i => (byte)(i % 251))]);
    }

    /// <summary>A safetensors file of any header and data.</summary>
    internal static byte[] Pack(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, 8);
        data.CopyTo(file, 8 + text.Length);
        return file;
    }
}
