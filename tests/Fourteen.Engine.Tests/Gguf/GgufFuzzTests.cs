using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Gguf;

/// <summary>
/// Broken GGUF files, one number or range after another (<see cref="GgufMutator"/>): each gives a result or our
/// exception, in memory and time that its size justifies. Files that still open go on to the configuration, the
/// tokenizer and the template, and a whole small model to logits.
/// </summary>
public sealed class GgufFuzzTests
{
    /// <summary>The tables of a tokenizer start at some tens of kilobytes.</summary>
    private static readonly FuzzMemory Memory = new(1_000_000, PerByte: 120);

    /// <summary>
    /// One-byte integers become longs, and a tensor info of 12 bytes gets a place in three tables; the constant is the
    /// exception with its stack trace.
    /// </summary>
    private static readonly FuzzMemory OpeningMemory = new(64_000, PerByte: 40);

    [Fact]
    public void Open_BrokenFile_GivesResultOrOurException()
    {
        GgufMutator mutator = new(GgufBuilder.Sample());
        FuzzRun.OverBytes("GGUF", OpeningMemory, mutator.Next, input => Open(input).Dispose());
    }

    [Fact]
    public void Read_BrokenFile_GivesResultOrOurException()
    {
        GgufMutator mutator = new(GgufBuilder.Sample());
        FuzzRun.OverBytes("GGUF with its parts", Memory, mutator.Next, input =>
        {
            using ModelFile file = Open(input);
            ModelUse.Read(file);
        });
    }

    [Fact]
    public async Task Load_BrokenModel_GivesLogitsOrOurException()
    {
        GgufMutator mutator = new(TinyModel.Builder("qwen3", GgmlType.Q4_0, seed: 1));
        using TemporaryFolder folder = new();
        string path = folder.File("input.gguf");
        await ModelUse.ComputeAsync(path, random => File.WriteAllBytes(path, mutator.Next(random)));
    }

    private static ModelFile Open(byte[] input)
    {
        ModelFile file = ModelFile.Open("input", input);
        foreach (TensorEntry tensor in file.Tensors.All)
        {
            long end = tensor.Address + tensor.Bytes;
            Assert.True(tensor.Bytes > 0 && tensor.Elements > 0 && end > tensor.Address, tensor.Name);
            Assert.True(tensor.Bytes < input.Length, $"{tensor.Name}: {tensor.Bytes} bytes");
        }

        return file;
    }
}
