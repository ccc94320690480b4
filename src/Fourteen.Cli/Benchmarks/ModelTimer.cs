using System.Diagnostics;
using System.Globalization;
using Fourteen.Cli.Commands;
using Fourteen.Cli.Output;
using Fourteen.Engine;
using Fourteen.Engine.Benchmarks;
using Fourteen.Engine.Models;

namespace Fourteen.Cli.Benchmarks;

/// <summary>A model that is loaded for its tests, with an engine of some threads. Disposed, it leaves no memory.
/// </summary>
internal sealed class ModelTimer : IDisposable
{
    private readonly InferenceEngine _engine;
    private readonly LoadedModel _model;
    private readonly StandardStreams _streams;
    private readonly TimeSpan _loading;

    private ModelTimer(InferenceEngine engine, LoadedModel model, StandardStreams streams, TimeSpan loading)
    {
        _engine = engine;
        _model = model;
        _streams = streams;
        _loading = loading;
    }

    /// <summary>
    /// The most memory that the process has had resident, but for what measuring limits takes; while that is taken.
    /// </summary>
    public static long PeakBytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return Math.Max(process.PeakWorkingSet64, process.WorkingSet64) - MachineLimits.OwnBytes;
        }
    }

    /// <summary>The file that is timed; null for a synthetic model.</summary>
    public static string? FileOf(BenchSettings settings) => settings.Synthetic is not null ? null
        : settings.Model is { } model ? ModelArgument.FindWeights(model) : ModelSession.FindEmbedded();

    /// <summary>Loads the model with room for every test; progress on standard error.</summary>
    public static async Task<ModelTimer> LoadAsync(
        BenchSettings settings, int threads, StandardStreams streams, CancellationToken cancellation)
    {
        RefuseTooLarge(settings);
        var engine = new InferenceEngine(
            new EngineOptions { Threads = threads, MaxQuietStepMs = int.MaxValue }, TimeProvider.System);
        try
        {
            var options = new ModelOptions
            {
                Context = settings.Tests.Max(test => test.Positions),
                SequencesMax = settings.Tests.Max(test => test.Batch),
                KvType = settings.KvType,
            };
            ModelFile file = settings.Synthetic?.Open()
                ?? ModelFile.Open(FileOf(settings)!); // A model that is not synthetic is a file.
            long start = Stopwatch.GetTimestamp();
            using var progress = new ProgressLine(streams, $"loading {Path.GetFileName(file.Path)}");
            LoadedModel model = await engine.LoadAsync(
                file, options, (done, layers) => progress.Report(done, layers), cancellation);
            return new ModelTimer(engine, model, streams, Stopwatch.GetElapsedTime(start));
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>What is timed, in a line for people.</summary>
    public string Describe()
    {
        ModelConfig config = _model.Config;
        WeightMemory weights = _model.Weights;
        string huge = weights.HugePageBytes is { } bytes ? $", {bytes >> 20} of them in huge pages" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{_model.Path}: {config.Architecture.Name}, {config.Layers} layers, hidden {config.Hidden}; "
            + $"{weights.Bytes >> 20} MiB of packed weights{huge}; loaded in {_loading.TotalSeconds:F1} s");
    }

    /// <summary>Times a test; progress on standard error.</summary>
    public async Task<IReadOnlyList<BenchmarkRound>> MeasureAsync(
        BenchmarkTest test, int rounds, CancellationToken cancellation)
    {
        using var progress = new ProgressLine(_streams, $"timing {test.Name}");
        return await _engine.MeasureAsync(
            _model, test, rounds, (done, all) => progress.Report(done, all), cancellation);
    }

    public void Dispose() => _engine.Dispose();

    /// <summary>The system would end the process in the middle of loading.</summary>
    private static void RefuseTooLarge(BenchSettings settings)
    {
        long there = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (settings.Synthetic is { } model && model.Bytes + MachineLimits.OwnBytes > there)
        {
            throw new RequestException(
                "synthetic",
                $"{model.Name} needs {model.Bytes >> 20} MiB for its weights, but this machine has {there >> 20}; take "
                + "a smaller one, or write it to a file with --write");
        }
    }
}
