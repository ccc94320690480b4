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
