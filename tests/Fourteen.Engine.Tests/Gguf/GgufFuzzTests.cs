using System.Diagnostics;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
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
    private static readonly int Inputs = Fuzz.Inputs(3000);
    private static readonly int Seed = Fuzz.Seed(14);
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(5);

    [Fact]
    public void Open_BrokenFile_GivesResultOrOurException()
    {
        GgufMutator mutator = new(GgufBuilder.Sample(), Seed);
        using (ModelFile file = ModelFile.Open("warm-up", GgufBuilder.Sample().Build()))
        {
            ModelConfig.Read(file, new RopeOptions());
            ModelText.Read(file);
        }

        int opened = 0, configured = 0, worded = 0;
        for (int i = 0; i < Inputs; i++)
        {
            byte[] input = mutator.Next();
            long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            using ModelFile? file = Try(i, () => Open(input));
            long allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
            // One-byte integers become longs, and a tensor info of 12 bytes gets a place in three tables; the constant
            // is the exception with its stack trace.
            Require(i, allocated < (40L * input.Length) + 64_000, $"opening took {allocated} bytes");
            if (file is not null)
            {
                opened++;
                configured += Try(i, () => ModelConfig.Read(file, new RopeOptions())) is null ? 0 : 1;
                worded += Try(i, () => ModelText.Read(file)) is null ? 0 : 1;
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
            // The tables of a tokenizer start at some tens of kilobytes.
            Require(i, allocated < (80L * input.Length) + 1_000_000, $"reading took {allocated} bytes");
            Require(i, Stopwatch.GetElapsedTime(start) < TimeMax, "too slow");
        }

        string counts = $"{opened} of {Inputs} opened, {configured} had a configuration, {worded} a tokenizer";
        TestContext.Current.TestOutputHelper?.WriteLine(counts);
        Assert.True(Inputs < 1000 || opened > Inputs / 60, counts);
        Assert.True(Inputs < 1000 || Inputs - opened > Inputs / 3, counts);
        Assert.True(Inputs < 1000 || (configured > Inputs / 60 && worded > Inputs / 60), counts);
    }

    [Fact]
    public async Task Load_BrokenModel_GivesLogitsOrOurException()
    {
        int inputs = Math.Min(Inputs, Inputs / 30 + 20), loaded = 0;
        GgufMutator mutator = new(TinyModel.Builder("qwen3", GgmlType.Q4_0, seed: 1), Seed);
        using TemporaryFolder folder = new();
        using var engine = new InferenceEngine(
            new EngineOptions { Threads = 2, StepTokens = 16 }, TimeProvider.System);
        for (int i = 0; i < inputs; i++)
        {
            string path = folder.File("input.gguf");
            await File.WriteAllBytesAsync(path, mutator.Next(), TestContext.Current.CancellationToken);
            long start = Stopwatch.GetTimestamp();
            Exception? fault = await Record.ExceptionAsync(() => ComputeAsync(engine, path));
            Require(i, fault is null or ModelFileException or RequestException, $"{fault}");
            Require(i, Stopwatch.GetElapsedTime(start) < 4 * TimeMax, "too slow");
            loaded += fault is null ? 1 : 0;
        }

        Assert.True(loaded > 0, $"none of {inputs} inputs gave logits");
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

    private static async Task ComputeAsync(InferenceEngine engine, string path)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        LoadedModel model = await engine.LoadAsync(path, new ModelOptions(), null, cancellation);
        try
        {
            await foreach (LogitsRow row in engine.LogitsAsync(model, [1, 2, 3], [2], 512, cancellation))
                Assert.Equal(model.Config.Vocabulary, row.Logits.Length);
        }
        finally
        {
            await engine.UnloadAsync(model, cancellation);
        }
    }

    /// <summary>The result, or null where the file is refused as it should be.</summary>
    private static T? Try<T>(int index, Func<T> read)
        where T : class
    {
        T? result = null;
        Exception? fault = Record.Exception(() => { result = read(); });
        Require(index, fault is null or ModelFileException or TemplateException, $"{fault}");
        if (fault is ModelFileException { Message: string message })
        {
            Require(index, message.StartsWith("input: ", StringComparison.Ordinal), message);
            Require(index, message.Length < 1000 && !message.Any(char.IsControl), message);
        }

        return result;
    }

    private static void Require(int index, bool holds, string problem) =>
        Assert.True(holds, $"seed {Seed}, input {index}: {problem}");
}
