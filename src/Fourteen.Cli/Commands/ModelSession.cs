using Fourteen.Cli.Output;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;
using Fourteen.Protocol.Chat;

namespace Fourteen.Cli.Commands;

/// <summary>A model loaded for one run of a verb: the engine, the model and who answers with it.</summary>
internal sealed class ModelSession : IDisposable
{
    private const string EmbeddedModel = "models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

    private readonly InferenceEngine _engine;

    private ModelSession(InferenceEngine engine, LoadedModel model)
    {
        _engine = engine;
        Model = model;
        Provider = new LocalProvider(engine, model, TimeProvider.System);
    }

    public InferenceEngine Engine => _engine;

    public LoadedModel Model { get; }

    public LocalProvider Provider { get; }

    /// <summary>Loads <paramref name="path"/>, or the embedded model where it is null; progress on standard error.
    /// </summary>
    /// <param name="sequencesMax">Sequences of full context that will be in flight at once.</param>
    public static async Task<ModelSession> LoadAsync(
        string? path, GenerationSettings settings, int sequencesMax, StandardStreams streams,
        CancellationToken cancellation)
    {
        string file = path is null ? FindEmbedded() : ModelArgument.FindWeights(path);
        var engine = new InferenceEngine(
            new EngineOptions
            {
                Threads = settings.Threads ?? Environment.ProcessorCount,
                MaxQuietStepMs = int.MaxValue, // Nobody else comes.
                ReaderDeadline = TimeSpan.MaxValue, // Who pages through the output keeps nobody waiting.
            },
            TimeProvider.System);
        try
        {
            var options = new ModelOptions
            {
                Context = settings.ContextTokens,
                KvType = settings.KvType ?? KvType.F16,
                Precise = settings.Precise,
                Repack = settings.Repack,
                Rope = settings.Rope,
                SequencesMax = sequencesMax,
            };
            LoadedModel model;
            using (var progress = new ProgressLine(streams, $"loading {Path.GetFileName(file)}"))
            {
                model = await engine.LoadAsync(
                    file, options, (done, layers) => progress.Report(done, layers), cancellation);
            }

            SayWhereHugePagesAreMissing(model.Weights, streams);
            RefuseThinking(settings.Request, model);
            return new ModelSession(engine, model);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The model that comes with the program: beside it where it was published, else in the repository that it was
    /// built in.
    /// </summary>
    public static string FindEmbedded()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string path = Path.Combine(folder, EmbeddedModel);
            if (File.Exists(path))
                return path;
        }

        throw new UsageException($"the embedded model {EmbeddedModel} is not here: name a model");
    }

    /// <summary>
    /// Weights in small pages read slower, and nothing else tells the user. A last piece of the memory may be in small
    /// pages always.
    /// </summary>
    private static void SayWhereHugePagesAreMissing(WeightMemory weights, StandardStreams streams)
    {
        if (weights.HugePageBytes is not { } huge || huge >= weights.Bytes * 0.9)
            return;
        streams.Error.WriteLine(
            $"fourteen: only {100 * huge / weights.Bytes} % of the weights are in huge pages, which slows decoding: "
            + "the system has too few free or forbids them (/sys/kernel/mm/transparent_hugepage/enabled)");
    }

    /// <summary>Asking for a thought and getting none in silence would mislead.</summary>
    private static void RefuseThinking(ChatRequest request, LoadedModel model)
    {
        string? asked = request.Think == true ? "--think" : request.ThinkBudget > 0 ? "--think-budget" : null;
        if (asked is not null && !model.Text.Thinking.CanThink)
            throw new UsageException($"{asked}: {model.Path} cannot think, it has no <think> token; leave it out");
    }

    public void Dispose() => _engine.Dispose();
}
