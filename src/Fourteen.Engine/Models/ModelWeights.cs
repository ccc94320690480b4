using Fourteen.Engine.Gguf;
using Fourteen.Formats;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Quantization;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine.Models;

/// <summary>The weights of one layer.</summary>
internal sealed class LayerWeights
{
    internal required float[] AttentionNorm { get; init; }     // [hidden]
    internal required WeightMatrix Query { get; init; }        // [heads * headDim, hidden]
    internal required WeightMatrix Key { get; init; }          // [kvHeads * headDim, hidden]
    internal required WeightMatrix Value { get; init; }        // [kvHeads * headDim, hidden]
    internal float[]? QueryBias { get; init; }                 // [heads * headDim]
    internal float[]? KeyBias { get; init; }                   // [kvHeads * headDim]
    internal float[]? ValueBias { get; init; }                 // [kvHeads * headDim]
    internal float[]? QueryNorm { get; init; }                 // [headDim]
    internal float[]? KeyNorm { get; init; }                   // [headDim]
    internal required WeightMatrix AttentionOutput { get; init; } // [hidden, heads * headDim]
    internal required float[] FeedForwardNorm { get; init; }   // [hidden]
    internal required WeightMatrix Gate { get; init; }         // [feedForward, hidden]
    internal required WeightMatrix Up { get; init; }           // [feedForward, hidden]
    internal required WeightMatrix Down { get; init; }         // [hidden, feedForward]
}

/// <summary>
/// All weights of a model, taken by name from its file and checked against its configuration: a missing tensor, a wrong
/// shape, or one that nobody asked for is an error. The file must stay open. What is packed lives in one arena, and its
/// rows in the file are let go, so that memory holds each weight once.
/// </summary>
internal sealed class ModelWeights : IDisposable
{
    private const string EmbeddingName = "token_embd.weight";
    private const string OutputName = "output.weight";

    private readonly MemoryArena? _arena; // of packed weights
    private readonly HashSet<string> _taken = ["rope_freqs.weight"];
    private readonly ModelFile _file;
    private readonly WorkerPool _pool;

    private ModelWeights(ModelFile file, WorkerPool pool, bool packed)
    {
        _file = file;
        _pool = pool;
        if (packed)
            _arena = new MemoryArena(PackedBytesOf(file.Tensors));
    }

    internal WeightMatrix Embedding { get; private set; } = null!; // [vocabulary, hidden]; these four: set by Load
    internal LayerWeights[] Layers { get; private set; } = null!;
    internal float[] OutputNorm { get; private set; } = null!;     // [hidden]
    internal WeightMatrix Output { get; private set; } = null!;    // [vocabulary, hidden]

    /// <summary>What they take now.</summary>
    internal WeightMemory Memory => _arena is null ? default : new(_arena.TakenBytes, _arena.HugePageBytes);

    /// <summary>
    /// Loads everything, packed for the fast kernels or, for <c>--precise</c>, as in the file.
    /// </summary>
    /// <param name="progress">Told the layers done and their number, or null.</param>
    internal static ModelWeights Load(
        ModelFile file, ModelConfig config, WorkerPool pool, bool packed, Action<int, int>? progress)
    {
        var weights = new ModelWeights(file, pool, packed);
        try
        {
            weights.Embedding = weights.Matrix(EmbeddingName, config.Vocabulary, config.Hidden, null);
            weights.OutputNorm = weights.Vector("output_norm.weight", config.Hidden);
            // A tied model has no output matrix: its embedding serves.
            string output = file.Tensors.TryFind(OutputName, out _) ? OutputName : EmbeddingName;
            weights.Output = weights.Matrix(output, config.Vocabulary, config.Hidden, weights._arena);
            weights.Layers = new LayerWeights[config.Layers];
            for (int layer = 0; layer < config.Layers; layer++)
            {
                weights.Layers[layer] = weights.Layer(config, $"blk.{layer}");
                progress?.Invoke(layer + 1, config.Layers);
            }

            weights.RefuseUnknown();
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public void Dispose() => _arena?.Dispose();

    private static long PackedBytesOf(TensorDirectory tensors)
    {
        bool tied = !tensors.TryFind(OutputName, out _);
        return tensors.All.Where(tensor => tensor.Dimensions.Length > 1 && (tied || tensor.Name != EmbeddingName))
            .Sum(tensor => WeightMatrix.PackedBytesOf(tensor.Type, tensor.Rows, tensor.Columns));
    }

    private LayerWeights Layer(ModelConfig config, string prefix)
    {
        int queries = config.Heads * config.HeadDim;
        int keys = config.KvHeads * config.HeadDim;
        bool norm = config.Architecture.QueryKeyNorm, bias = config.Architecture.QueryKeyValueBias;
        return new LayerWeights
        {
            AttentionNorm = Vector($"{prefix}.attn_norm.weight", config.Hidden),
            Query = Matrix($"{prefix}.attn_q.weight", queries, config.Hidden, _arena),
            Key = Matrix($"{prefix}.attn_k.weight", keys, config.Hidden, _arena),
            Value = Matrix($"{prefix}.attn_v.weight", keys, config.Hidden, _arena),
            QueryBias = bias ? Vector($"{prefix}.attn_q.bias", queries) : null,
            KeyBias = bias ? Vector($"{prefix}.attn_k.bias", keys) : null,
            ValueBias = bias ? Vector($"{prefix}.attn_v.bias", keys) : null,
            QueryNorm = norm ? Vector($"{prefix}.attn_q_norm.weight", config.HeadDim) : null,
            KeyNorm = norm ? Vector($"{prefix}.attn_k_norm.weight", config.HeadDim) : null,
            AttentionOutput = Matrix($"{prefix}.attn_output.weight", config.Hidden, queries, _arena),
            FeedForwardNorm = Vector($"{prefix}.ffn_norm.weight", config.Hidden),
            Gate = Matrix($"{prefix}.ffn_gate.weight", config.FeedForward, config.Hidden, _arena),
            Up = Matrix($"{prefix}.ffn_up.weight", config.FeedForward, config.Hidden, _arena),
            Down = Matrix($"{prefix}.ffn_down.weight", config.Hidden, config.FeedForward, _arena),
        };
    }

    /// <summary>A matrix as it is in the file, or packed into an arena; then its file's pages are given back.</summary>
    private WeightMatrix Matrix(string name, int rows, int columns, MemoryArena? arena)
    {
        TensorEntry tensor = Take(name, rows, columns);
        var matrix = WeightMatrix.Load(
            _pool, tensor.Type, tensor.Address, rows, columns, packed: arena is not null, arena);
        if (matrix.PackedBytes > 0)
            _file.Release(tensor);
        return matrix;
    }

    private float[] Vector(string name, int length)
    {
        TensorEntry tensor = Take(name, length);
        float[] values = new float[length];
        Dequantizer.Row(tensor.Type, tensor.Address, values);
        return values;
    }

    private TensorEntry Take(string name, params ReadOnlySpan<int> shape)
    {
        TensorEntry tensor = _file.RequireTensor(name);
        bool fits = tensor.Dimensions.Length == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++)
            fits = tensor.Dimensions[^(i + 1)] == shape[i];
        if (!fits)
        {
            string found = string.Join(", ", tensor.Dimensions.Reverse());
            throw new ModelFileException(
                _file.Path, name, $"must have the shape [{string.Join(", ", shape.ToArray())}], found [{found}]");
        }

        if (!Dequantizer.Supports(tensor.Type))
            throw new ModelFileException(_file.Path, name, $"weights of type {tensor.Type} cannot be multiplied");
        _taken.Add(name);
        return tensor;
    }

    /// <summary>A tensor that the forward pass would not use means another model than the file says.</summary>
    private void RefuseUnknown()
    {
        TensorEntry? unknown = _file.Tensors.All.FirstOrDefault(tensor => !_taken.Contains(tensor.Name));
        if (unknown is not null)
        {
            throw new ModelFileException(
                _file.Path, GgufCursor.Printable(unknown.Name),
                $"this tensor has no place in the architecture {_file.Metadata.FindString("general.architecture")}");
        }
    }
}
