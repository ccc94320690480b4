using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Models;

/// <summary>Each weight is in memory once: packed, or in the mapped file.</summary>
public sealed class WeightMemoryTests : IDisposable
{
    private readonly string _path = TinyModel.Write("qwen3", GgmlType.F32, seed: 5);

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Weights_OncePacked_HoldNoPagesOfTheFile()
    {
        Assert.SkipUnless(File.Exists("/proc/self/smaps"), "Only Linux says which pages of a file are resident.");
        using InferenceEngine engine = Engine();
        LoadedModel model = await LoadAsync(engine, new ModelOptions());

        Assert.InRange(model.Weights.Bytes, FileBytes / 2, FileBytes);
        // The head of the file was looked at, and the system may have mapped a huge page for it.
        Assert.InRange(ResidentBytes(), 0, (2 << 20) + (FileBytes / 4));
    }

    [Fact]
    public async Task Weights_NotRepacked_StayInTheFile()
    {
        using InferenceEngine engine = Engine();
        LoadedModel model = await LoadAsync(engine, new ModelOptions { Repack = false });

        Assert.Equal(new WeightMemory(0, null), model.Weights);
    }

    [Fact]
    public async Task Logits_NotRepacked_AreThoseOfPreciseProducts()
    {
        // With a cache of f32 nothing else distinguishes the two modes.
        var inPlace = new ModelOptions { Repack = false, KvType = Kernels.Operators.KvType.F32 };
        Assert.Equal(
            await LogitsAsync(new ModelOptions { Precise = true }), await LogitsAsync(inPlace));
    }

    private long FileBytes => new FileInfo(_path).Length;

    private static InferenceEngine Engine() => new(new EngineOptions { Threads = 2 }, TimeProvider.System);

    private Task<LoadedModel> LoadAsync(InferenceEngine engine, ModelOptions options) =>
        engine.LoadAsync(_path, options, null, TestContext.Current.CancellationToken);

    private async Task<float[]> LogitsAsync(ModelOptions options)
    {
        using InferenceEngine engine = Engine();
        LoadedModel model = await LoadAsync(engine, options);
        float[] logits = [];
        await foreach (LogitsRow row in engine.LogitsAsync(
            model, [1, 2, 3, 4, 5], [4], 5, TestContext.Current.CancellationToken))
        {
            logits = row.Logits;
        }

        return logits;
    }

    /// <summary>Pages of the model's file that are in this process's memory.</summary>
    private long ResidentBytes()
    {
        long bytes = 0;
        bool inside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (line.Contains('-') && line.Contains(" r", StringComparison.Ordinal))
                inside = line.EndsWith(_path, StringComparison.Ordinal);
            else if (inside && line.StartsWith("Rss:", StringComparison.Ordinal))
                bytes += 1024 * long.Parse(line[4..^2]);
        }

        return bytes;
    }
}
