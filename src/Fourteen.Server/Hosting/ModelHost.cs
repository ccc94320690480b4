using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Protocol.Chat;

namespace Fourteen.Server.Hosting;

/// <summary>
/// The models of a server by name: loads one when it is first asked for, and unloads it when nobody has used it for its
/// time. Whoever uses a model holds a lease, and a leased model stays. Any thread may call.
/// </summary>
public sealed class ModelHost : IAsyncDisposable
{
    /// <summary>How often idle models are looked for.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly InferenceEngine _engine;
    private readonly ServerOptions _options;
    private readonly TimeProvider _clock;
    private readonly List<ServedModel> _models = [];
    private readonly ITimer _sweep;

    public ModelHost(InferenceEngine engine, ServerOptions options, TimeProvider clock)
    {
        _engine = engine;
        _options = options;
        _clock = clock;
        foreach (ModelSource source in options.Models)
        {
            if (_models.Any(model => model.Name == source.Name))
                throw new RequestException("model", $"two models are called {source.Name}; name one NAME=PATH");
            _models.Add(new ServedModel(source, engine, options, clock));
        }

        _sweep = clock.CreateTimer(_ => Sweep(), null, SweepInterval, SweepInterval);
    }

    /// <summary>In the order in which they were named.</summary>
    public IReadOnlyList<ServedModel> Models => _models;

    /// <summary>The model of that name; the first one where it is null.</summary>
    /// <exception cref="RequestException">There is no such model.</exception>
    public ServedModel Find(string? name)
    {
        if (string.IsNullOrEmpty(name) && _models.Count > 0)
            return _models[0];
        string wanted = name ?? "";
        // Ollama's clients put a tag behind every name.
        string bare = wanted.EndsWith(":latest", StringComparison.Ordinal) ? wanted[..^":latest".Length] : wanted;
        return _models.Find(model => model.Name == wanted) ?? _models.Find(model => model.Name == bare)
            ?? (_options.AnswersAnyName ? _models.FirstOrDefault() : null)
            ?? throw new RequestException(
                "model",
                $"there is no model \"{name}\" here; there is {string.Join(", ", _models.Select(m => m.Name))}",
                FailureKind.NotFound)
            {
                Code = "model_not_found",
            };
    }

    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        _engine.Dispose(); // Ends what is running, and frees all models.
    }

    private void Sweep()
    {
        foreach (ServedModel model in _models)
            model.UnloadIfIdle();
    }
}
