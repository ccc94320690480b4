using System.Text;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

public sealed class HuggingFaceFuzzTests
{
    private static readonly int Inputs = Fuzz.Inputs(700);
    private static readonly int Seed = Fuzz.Seed(14);

    // Pieces of JSON that are valid somewhere, so that many inputs get past the syntax.
    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", "\"", ":", ",", "null", "true", "0", "-1", "1e999", "9223372036854775807", "1.5",
        "\\ud800", "\"rope_type\":", "\"dtype\":\"F32\"", "\"shape\":[1]", "\"data_offsets\":[0,4]", "{}",
        "[[[[[[[[", "\u00e9",
    ];

    [Fact]
    public void Open_BrokenJson_GivesResultOrOurException()
    {
        using ModelFolder folder = new("qwen3");
        folder.Write();
        foreach (string name in (string[])["config.json", "model.safetensors", "tokenizer_config.json"])
        {
            if (name == "tokenizer_config.json")
            {
                folder.WriteText(
                    name, """{"eos_token":{"content":"a"},"added_tokens_decoder":{"1":{"content":"a"}}}""");
            }

            byte[] original = File.ReadAllBytes(Path.Combine(folder.Path, name));
            Random random = new(Seed);
            int valid = 0;
            for (int i = 0; i < Inputs; i++)
            {
                byte[] input = Break(original, random);
                folder.WriteBytes(name, input);
                long before = GC.GetAllocatedBytesForCurrentThread();
                valid += Opens(folder.Path) ? 1 : 0;
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < 500_000, $"{name}, seed {Seed}, input {i}: {allocated} bytes");
            }

            Assert.True(valid < Inputs / 2, $"{name}: {valid} inputs were valid");
            folder.WriteBytes(name, original);
            Assert.True(Opens(folder.Path));
        }
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
        byte[] original = File.ReadAllBytes(Path.Combine(folder.Path, "config.json"));
        Random random = new(Seed);
        for (int i = 0; i < Inputs / 2; i++)
        {
            folder.WriteBytes("config.json", Break(original, random));
            long before = GC.GetAllocatedBytesForCurrentThread();
            Opens(folder.Path);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 500_000, $"{type}, seed {Seed}, input {i}: {allocated} bytes");
        }

        folder.WriteBytes("config.json", original);
        Assert.True(Opens(folder.Path));
    }

    private static bool Opens(string path)
    {
        try
        {
            using HuggingFaceFolder model = HuggingFaceFolder.Open(path);
            Assert.All(model.Tensors.All, tensor => Assert.True(tensor.Bytes > 0 && tensor.Elements > 0));
            return true;
        }
        catch (ModelFileException)
        {
            return false;
        }
    }

    private static byte[] Break(byte[] original, Random random)
    {
        List<byte> bytes = [.. original];
        for (int count = random.Next(1, 4); count > 0 && bytes.Count > 0; count--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, random.Next(1, Math.Min(20, bytes.Count - at) + 1));
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]));
                    break;
                default:
                    int length = random.Next(1, Math.Min(60, bytes.Count - at) + 1);
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
            }
        }

        return [.. bytes];
    }
}
