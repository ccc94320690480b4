using Fourteen.Engine;
using Fourteen.Engine.Models;

[assembly: AssemblyFixture(typeof(Fourteen.Clients.Tests.ExtensionsAI.LocalModel))]

namespace Fourteen.Clients.Tests.ExtensionsAI;

/// <summary>The tiny model in this process, without a server; loaded when it is first asked for.</summary>
public sealed class LocalModel : IDisposable
{
    private readonly SemaphoreSlim _loading = new(1);
    private InferenceEngine? _engine;
    private LoadedModel? _model;

    /// <summary>Engine and model, or a skipped test where its file is not here.</summary>
    public async Task<(InferenceEngine Engine, LoadedModel Model)> LoadAsync(CancellationToken cancellation)
    {
        string path = ServerFixture.TinyPath;
        await _loading.WaitAsync(cancellation);
        try
        {
            _engine ??= new InferenceEngine(new EngineOptions(), TimeProvider.System);
            _model ??= await _engine.LoadAsync(path, new ModelOptions { SequencesMax = 4 }, null, cancellation);
            return (_engine, _model);
        }
        finally
        {
            _loading.Release();
        }
    }

    public void Dispose()
    {
        _engine?.Dispose();
        _loading.Dispose();
    }
}
