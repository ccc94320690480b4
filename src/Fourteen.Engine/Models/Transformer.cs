using System.Runtime.InteropServices;
using Fourteen.Engine.Benchmarks;
using Fourteen.Engine.Scheduling;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine.Models;

/// <summary>
/// The one forward pass: a batch of tokens to logits for the rows that want them. It names operators and buffers and
/// does no arithmetic itself. Owned by the engine thread; buffers are made once for the longest step.
/// </summary>
internal sealed class Transformer : IDisposable
{
    /// <summary>Rows of logits in one step: each is as long as the vocabulary.</summary>
    internal const int LogitRowsMax = 64;

    private readonly ModelConfig _config;
    private readonly ModelWeights _weights;
    private readonly MatMul _matMul;
    private readonly RmsNorm _norm;
    private readonly Elementwise _elementwise;
    private readonly Attention _attention;
    private readonly KvWriter _writer;
    private readonly Activations _input;

    private readonly FloatMatrix _x;       // [tokens, hidden]: the residual stream
    private readonly FloatMatrix _h;       // [tokens, hidden]: its normalized form
    private readonly FloatMatrix _q;       // [tokens, heads * headDim]
    private readonly FloatMatrix _k;       // [tokens, kvHeads * headDim]
    private readonly FloatMatrix _v;       // [tokens, kvHeads * headDim]
    private readonly FloatMatrix _heads;   // [tokens, heads * headDim]: attention's result
    private readonly FloatMatrix _gate;    // [tokens, feedForward]
    private readonly FloatMatrix _up;      // [tokens, feedForward]
    private readonly FloatMatrix _back;    // [tokens, hidden]: what returns to the residual stream
    private readonly Angles _angles;
    private readonly Angles? _windowAngles; // of layers with a window, where these turn otherwise
    private readonly ExpertBlock? _experts;
    private readonly FloatMatrix _last;    // [logit rows, hidden]
    private readonly FloatMatrix _logits;  // [logit rows, vocabulary]

    internal Transformer(
        ModelConfig config, ModelWeights weights, KvStore cache, WorkerPool pool, IsaPath isa, int tokensMax)
    {
        _config = config;
        _weights = weights;
        _matMul = new MatMul(pool, isa);
        _norm = new RmsNorm(pool, isa);
        _elementwise = new Elementwise(pool, isa);
        _writer = new KvWriter(pool, cache);
        _attention = new Attention(pool, isa, config.Heads, cache);
        int queries = config.Heads * config.HeadDim;
        int keys = config.KvHeads * config.HeadDim;
        int widest = Math.Max(Math.Max(config.Hidden, queries), config.FeedForward);
        _input = new Activations(pool, Math.Max(tokensMax, LogitRowsMax), widest);
        _x = new FloatMatrix(tokensMax, config.Hidden);
        _h = new FloatMatrix(tokensMax, config.Hidden);
        _q = new FloatMatrix(tokensMax, queries);
        _k = new FloatMatrix(tokensMax, keys);
        _v = new FloatMatrix(tokensMax, keys);
        _heads = new FloatMatrix(tokensMax, queries);
        _gate = new FloatMatrix(tokensMax, config.FeedForward);
        _up = new FloatMatrix(tokensMax, config.FeedForward);
        _back = new FloatMatrix(tokensMax, config.Hidden);
        _angles = new Angles(tokensMax, config.Rope.Pairs);
        if (config.WindowRope is not null)
            _windowAngles = new Angles(tokensMax, config.WindowRope.Inverse.Length);
        if (config.Experts > 0)
            _experts = new ExpertBlock(config, _matMul, _elementwise, pool, tokensMax);
        _last = new FloatMatrix(LogitRowsMax, config.Hidden);
        _logits = new FloatMatrix(LogitRowsMax, config.Vocabulary);
        Meter = new StepMeter(config, weights, cache);
    }

    /// <summary>What all steps read and computed.</summary>
    internal StepMeter Meter { get; }

    /// <summary>
    /// What stands before the output matrix, for the last batch's <see cref="Batch.StateRows"/>: [rows, hidden], valid
    /// until the next call.
    /// </summary>
    internal FloatMatrix States => _h;

    /// <summary>
    /// Computes the batch, leaves its keys and values in the cache, and returns logits [batch.LogitRows, vocabulary],
    /// valid until the next call.
    /// </summary>
    internal FloatMatrix Forward(Batch batch)
    {
        Embed(batch);
        Turn(batch);
        ReadOnlySpan<AttentionSpan> spans = CollectionsMarshal.AsSpan(batch.Spans);
        for (int layer = 0; layer < _config.Layers; layer++)
        {
            LayerWeights w = _weights.Layers[layer];
            AttentionBlock(layer, w, spans);
            FeedForwardBlock(layer, w);
        }

        Meter.Add(batch);
        TakeStates(batch);
        return Logits(batch);
    }

    public void Dispose()
    {
        _matMul.Dispose();
        _writer.Dispose();
        _attention.Dispose();
        _input.Dispose();
        _angles.Dispose();
        _windowAngles?.Dispose();
        _experts?.Dispose();
        foreach (FloatMatrix matrix in (ReadOnlySpan<FloatMatrix>)
            [_x, _h, _q, _k, _v, _heads, _gate, _up, _back, _last, _logits])
        {
            matrix.Dispose();
        }
    }

    /// <summary>
    /// x = x + norm(Wo · attention(rope(norm(Wq h + bq)), rope(norm(Wk h + bk)), Wv h + bv)), h = norm(x); biases, the
    /// norms of heads and that of the result where the architecture has them.
    /// </summary>
    private void AttentionBlock(int layer, LayerWeights w, ReadOnlySpan<AttentionSpan> spans)
    {
        _norm.Run(_x, w.AttentionNorm, _config.RmsEpsilon, _h);
        _input.Begin(_h);
        _matMul.Run(_input, new Product(w.Query, _q), new Product(w.Key, _k), new Product(w.Value, _v));
        if (w.QueryBias is not null)
            _elementwise.AddBias(_q, w.QueryBias);
        if (w.KeyBias is not null)
            _elementwise.AddBias(_k, w.KeyBias);
        if (w.ValueBias is not null)
            _elementwise.AddBias(_v, w.ValueBias);
        if (w.QueryNorm is not null)
            _norm.Run(_q, w.QueryNorm, _config.RmsEpsilon, _q);
        if (w.KeyNorm is not null)
            _norm.Run(_k, w.KeyNorm, _config.RmsEpsilon, _k);
        bool windowed = _config.Windowed[layer];
        Angles angles = windowed && _windowAngles is not null ? _windowAngles : _angles;
        Rope.Run(_q, _config.Heads, _config.HeadDim, angles.Cos, angles.Sin, _config.RopePairs);
        Rope.Run(_k, _config.KvHeads, _config.HeadDim, angles.Cos, angles.Sin, _config.RopePairs);
        _writer.Run(layer, spans, _k, _v);
        var rule = new AttentionRule(_config.QueryScale, windowed ? _config.Window : 0, _config.AttentionSoftCap);
        _attention.Run(layer, spans, _q, _heads, in rule);
        _input.Begin(_heads);
        _matMul.Run(_input, new Product(w.AttentionOutput, _back));
        if (w.PostAttentionNorm is not null)
            _norm.Run(_back, w.PostAttentionNorm, _config.RmsEpsilon, _back);
        _elementwise.Add(_x, _back);
    }

    /// <summary>
    /// x = x + norm(F(h)), h = norm(x), the norm of the result where the architecture has it; F is a dense block or
    /// experts.
    /// </summary>
    private void FeedForwardBlock(int layer, LayerWeights w)
    {
        _norm.Run(_x, w.FeedForwardNorm, _config.RmsEpsilon, _h);
        if (w.Router is not null && _experts is not null)
        {
            _experts.Run(_h, w.Router, w.FeedForwards, _back);
            Meter.AddExperts(layer, _experts.ActiveCount);
        }
        else
        {
            Dense(w.FeedForwards[0]);
        }

        if (w.PostFeedForwardNorm is not null)
            _norm.Run(_back, w.PostFeedForwardNorm, _config.RmsEpsilon, _back);
        _elementwise.Add(_x, _back);
    }

    /// <summary>Wdown · (activation(Wgate h) · (Wup h)).</summary>
    private void Dense(FeedForwardWeights w)
    {
        _input.Begin(_h);
        _matMul.Run(_input, new Product(w.Gate, _gate), new Product(w.Up, _up));
        _elementwise.Gate(_gate, _up, _config.Architecture.Activation);
        _input.Begin(_gate);
        _matMul.Run(_input, new Product(w.Down, _back));
    }

    private void Embed(Batch batch)
    {
        _x.Rows = batch.Tokens.Count;
        for (int row = 0; row < batch.Tokens.Count; row++)
            _weights.Embedding.ReadRow(batch.Tokens[row], _x.Row(row));
        if (_config.Architecture.ScaledEmbedding)
            _elementwise.Scale(_x, MathF.Sqrt(_config.Hidden));
    }

    /// <summary>Cosines and sines of every row, once for all layers.</summary>
    private void Turn(Batch batch)
    {
        _angles.Begin(batch.Tokens.Count);
        _windowAngles?.Begin(batch.Tokens.Count);
        for (int s = 0; s < batch.Spans.Count; s++)
        {
            _angles.Turn(batch.Rope(s), batch.Spans[s]);
            if (_config.WindowRope is not null)
                _windowAngles?.Turn(_config.WindowRope, batch.Spans[s]);
        }
    }

    private void TakeStates(Batch batch)
    {
        _h.Rows = batch.StateRows.Count;
        if (batch.StateRows.Count == 0)
            return;
        for (int i = 0; i < batch.StateRows.Count; i++)
            _x.Row(batch.StateRows[i]).CopyTo(_h.Row(i));
        _norm.Run(_h, _weights.OutputNorm, _config.RmsEpsilon, _h);
    }

    private FloatMatrix Logits(Batch batch)
    {
        _last.Rows = batch.LogitRows.Count;
        _logits.Rows = batch.LogitRows.Count;
        if (batch.LogitRows.Count == 0)
            return _logits;
        for (int i = 0; i < batch.LogitRows.Count; i++)
            _x.Row(batch.LogitRows[i]).CopyTo(_last.Row(i));
        _norm.Run(_last, _weights.OutputNorm, _config.RmsEpsilon, _last);
        _input.Begin(_last);
        _matMul.Run(_input, new Product(_weights.Output, _logits));
        if (_config.LogitSoftCap > 0)
            _elementwise.SoftCap(_logits, _config.LogitSoftCap);
        return _logits;
    }
}
