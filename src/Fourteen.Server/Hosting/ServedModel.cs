using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Protocol.Embeddings;
using Fourteen.Protocol.Reports;

namespace Fourteen.Server.Hosting;

/// <summary>
/// One model of a server: loaded or not, and who uses it. A load that fails leaves it unloaded, and the next request
/// tries again.
/// </summary>
public sealed class ServedModel
{
    private readonly ModelSource _source;
    private readonly InferenceEngine _engine;
    private readonly ServerOptions _options;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _gate = new(1); // Held while the model is loaded or unloaded.
    private readonly Lock _counts = new();
    private readonly Lazy<ModelCard> _card;
    private LoadedModel? _loaded;
    private int _leases;
    private DateTimeOffset _idleUntil = DateTimeOffset.MaxValue;

    internal ServedModel(ModelSource source, InferenceEngine engine, ServerOptions options, TimeProvider clock)
    {
        _source = source;
        _card = new Lazy<ModelCard>(
            () => ModelCard.Read(source.Name, source.Path), LazyThreadSafetyMode.PublicationOnly); // Which tries again.
        _engine = engine;
        _options = options;
        _clock = clock;
    }

    public string Name => _source.Name;

    public string Path => _source.Path;

    /// <summary>The loaded model; null where it is not loaded.</summary>
    public LoadedModel? Loaded => Volatile.Read(ref _loaded);

    /// <summary>What reports say of it.</summary>
    /// <exception cref="ModelFileException">Its file cannot be read.</exception>
    public ModelStatus Status => _card.Value.Status(Loaded, ExpiresAt);

    /// <summary>The same for lists of all models; null where its file cannot be read, which requests for it tell.
    /// </summary>
    internal ModelStatus? FindStatus()
    {
        try
        {
            return Status;
        }
        catch (ModelFileException)
        {
            return null;
        }
    }

    /// <summary>How its vectors of tokens become one where a request does not say.</summary>
    internal EmbeddingPooling Pooling => _card.Value.Pooling;

    /// <summary>When it is unloaded if nobody asks for it; null where it is not loaded or stays.</summary>
    public DateTimeOffset? ExpiresAt
    {
        get
        {
            lock (_counts)
                return _loaded is null || _idleUntil == DateTimeOffset.MaxValue ? null : _idleUntil;
        }
    }

    /// <summary>Loads it where it is not loaded, and holds it until the lease is disposed of.</summary>
    /// <param name="keepAlive">How long it stays after that; null for the server's own time.</param>
    /// <exception cref="ModelFileException">It cannot be loaded.</exception>
    /// <param name="progress">Told (layers done, layers) while it is loaded; may be null.</param>
    public async Task<ModelLease> LeaseAsync(
        TimeSpan? keepAlive, Action<int, int>? progress, CancellationToken cancellation)
    {
        long started = _clock.GetTimestamp();
        TimeSpan stays = keepAlive ?? _options.KeepAlive;
        if (TryLease() is { } ready)
            return new ModelLease(this, ready, TimeSpan.Zero, stays);
        await _gate.WaitAsync(cancellation);
        try
        {
            if (TryLease() is { } loadedMeanwhile)
                return new ModelLease(this, loadedMeanwhile, _clock.GetElapsedTime(started), stays);
            LoadedModel loaded = await _engine.LoadAsync(Path, _options.Model, progress, cancellation);
            lock (_counts)
            {
                _loaded = loaded;
                _leases++;
            }

            return new ModelLease(this, loaded, _clock.GetElapsedTime(started), stays);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Unloads it; answers that are running end.</summary>
    public async Task UnloadAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            LoadedModel? model;
            lock (_counts)
            {
                model = _loaded;
                _loaded = null;
            }

            if (model is not null)
                await _engine.UnloadAsync(model, cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    internal void UnloadIfIdle()
    {
        LoadedModel? model;
        if (!_gate.Wait(0)) // Somebody loads or unloads it right now.
            return;
        try
        {
            lock (_counts)
            {
                if (_loaded is null || _leases > 0 || _clock.GetUtcNow() < _idleUntil)
                    return;
                model = _loaded;
                _loaded = null;
            }

            // Runs on the engine thread; nobody holds the model any more, and nobody waits for its end.
            _ = _engine.UnloadAsync(model, CancellationToken.None);
        }
        finally
        {
            _gate.Release();
        }
    }

    internal void Return(LoadedModel model, TimeSpan keepAlive)
    {
        lock (_counts)
        {
            _leases--;
            if (_loaded != model)
                return;
            DateTimeOffset now = _clock.GetUtcNow();
            _idleUntil = keepAlive < DateTimeOffset.MaxValue - now ? now + keepAlive : DateTimeOffset.MaxValue;
        }
    }

    private LoadedModel? TryLease()
    {
        lock (_counts)
        {
            if (_loaded is not null)
                _leases++;
            return _loaded;
        }
    }
}

/// <summary>The right to use a loaded model; whoever has it disposes of it.</summary>
public sealed class ModelLease : IDisposable
{
    private readonly ServedModel _served;
    private readonly TimeSpan _keepAlive;
    private bool _returned;

    internal ModelLease(ServedModel served, LoadedModel model, TimeSpan loadTime, TimeSpan keepAlive)
    {
        _served = served;
        _keepAlive = keepAlive;
        Model = model;
        LoadTime = loadTime;
    }

    public string Name => _served.Name;

    public LoadedModel Model { get; }

    /// <summary>What loading it took; zero where it was loaded.</summary>
    public TimeSpan LoadTime { get; }

    public void Dispose()
    {
        if (_returned)
            return;
        _returned = true;
        _served.Return(Model, _keepAlive);
    }
}
