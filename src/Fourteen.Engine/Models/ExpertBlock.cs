using System.Runtime.InteropServices;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine.Models;

/// <summary>
/// A feed-forward block of experts: each token goes to a few of them, as its router says. Tokens are grouped by expert,
/// so that an expert's weights are read once a step and those of others not at all; a token's experts are added in the
/// order of their index, whatever else is in the step. Owned by the engine thread.
/// </summary>
internal sealed class ExpertBlock : IDisposable
{
    private readonly GateActivation _activation;
    private readonly MatMul _matMul;
    private readonly Elementwise _elementwise;
    private readonly ExpertRouting _routing;
    private readonly Activations _tokens;   // of tokens, for the router
    private readonly Activations _input;    // of gathered rows
    private readonly List<Product> _products = [];

    private readonly FloatMatrix _scores;   // [tokens, experts]
    private readonly FloatMatrix _gathered; // [tokens * used, hidden]: each token once for each of its experts
    private readonly FloatMatrix _gate;     // [tokens * used, feedForward]
    private readonly FloatMatrix _up;       // [tokens * used, feedForward]
    private readonly FloatMatrix _back;     // [tokens * used, hidden]

    internal ExpertBlock(ModelConfig config, MatMul matMul, Elementwise elementwise, WorkerPool pool, int tokensMax)
    {
        _activation = config.Architecture.Activation;
        _matMul = matMul;
        _elementwise = elementwise;
        _routing = new ExpertRouting(config.Experts, config.ExpertsUsed, tokensMax, pool);
        int rows = tokensMax * config.ExpertsUsed;
        _tokens = new Activations(pool, tokensMax, config.Hidden);
        _input = new Activations(pool, rows, Math.Max(config.Hidden, config.FeedForward));
        _scores = new FloatMatrix(tokensMax, config.Experts);
        _gathered = new FloatMatrix(rows, config.Hidden);
        _gate = new FloatMatrix(rows, config.FeedForward);
        _up = new FloatMatrix(rows, config.FeedForward);
        _back = new FloatMatrix(rows, config.Hidden);
    }

    /// <summary>Experts that tokens of the last step went to.</summary>
    internal int ActiveCount => _routing.Active.Length;

    /// <summary>output = Σ_e weight_e · Wdown_e · (activation(Wgate_e h) · (Wup_e h)) over the experts of each row.
    /// </summary>
    internal void Run(FloatMatrix h, WeightMatrix router, FeedForwardWeights[] experts, FloatMatrix output)
    {
        _tokens.Begin(h);
        _matMul.Run(_tokens, new Product(router, _scores));
        _routing.Choose(_scores);
        _routing.Gather(h, _gathered);
        _input.Begin(_gathered);
        _products.Clear();
        foreach (ExpertRows rows in _routing.Active)
        {
            _products.Add(new Product(experts[rows.Expert].Gate, _gate, rows.FirstRow, rows.Count));
            _products.Add(new Product(experts[rows.Expert].Up, _up, rows.FirstRow, rows.Count));
        }

        _matMul.Run(_input, CollectionsMarshal.AsSpan(_products));
        _elementwise.Gate(_gate, _up, _activation);
        _input.Begin(_gate);
        _products.Clear();
        foreach (ExpertRows rows in _routing.Active)
            _products.Add(new Product(experts[rows.Expert].Down, _back, rows.FirstRow, rows.Count));
        _matMul.Run(_input, CollectionsMarshal.AsSpan(_products));
        _routing.Combine(_back, output);
    }

    public void Dispose()
    {
        _tokens.Dispose();
        _input.Dispose();
        foreach (FloatMatrix matrix in (ReadOnlySpan<FloatMatrix>)[_scores, _gathered, _gate, _up, _back])
            matrix.Dispose();
    }
}
