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
    internal float[]? PostAttentionNorm { get; init; }         // [hidden]
    internal required float[] FeedForwardNorm { get; init; }   // [hidden]
    internal WeightMatrix? Router { get; init; }               // [experts, hidden]; null: the block is dense
    internal required FeedForwardWeights[] FeedForwards { get; init; } // one, or one an expert
    internal float[]? PostFeedForwardNorm { get; init; }       // [hidden]
}

/// <summary>The matrices of a dense feed-forward block or of one expert.</summary>
internal sealed record FeedForwardWeights(
    WeightMatrix Gate,  // [feedForward, hidden]
    WeightMatrix Up,    // [feedForward, hidden]
    WeightMatrix Down); // [hidden, feedForward]

/// <summary>
/// All weights of a model, taken by name from its file and checked against its configuration: a missing tensor, a wrong
/// shape, or one that nobody asked for is an error. The file must stay open. What is packed lives in one arena.
/// </summary>
internal sealed class ModelWeights : IDisposable
{
    private const string EmbeddingName = "token_embd.weight";
    private const string OutputName = "output.weight";

    private readonly MemoryArena? _arena; // of packed weights; null: all stay as in the file
    private readonly Dictionary<string, long> _rowsPacked = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken =
        ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"]; // RopeReader checks these.
    private readonly ModelFile _file;
    private readonly WorkerPool _pool;
    private readonly float _normOffset;

    private ModelWeights(ModelFile file, ModelConfig config, WorkerPool pool, bool packed)
    {
        _file = file;
        _normOffset = config.NormOffset;
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
        var weights = new ModelWeights(file, config, pool, packed);
        try
        {
            weights.Embedding = weights.Matrix(EmbeddingName, config.Vocabulary, config.Hidden, null);
            weights.OutputNorm = weights.Norm("output_norm.weight", config.Hidden);
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

    private LayerWeights Layer(ModelConfig config, string at)
    {
        int queries = config.Heads * config.HeadDim;
        int keys = config.KvHeads * config.HeadDim;
        bool norm = config.Architecture.QueryKeyNorm, bias = config.Architecture.QueryKeyValueBias;
        bool postNorms = config.Architecture.PostNorms;
        (string Name, int First, int Of) query = ($"{at}.attn_q.weight", 0, queries);
        (string Name, int First, int Of) key = ($"{at}.attn_k.weight", 0, keys);
        (string Name, int First, int Of) value = ($"{at}.attn_v.weight", 0, keys);
        if (config.Architecture.FusedProjections)
        {
            string fused = $"{at}.attn_qkv.weight";
            int all = queries + (2 * keys);
            (query, key, value) = ((fused, 0, all), (fused, queries, all), (fused, queries + keys, all));
        }

        return new LayerWeights
        {
            AttentionNorm = Norm($"{at}.attn_norm.weight", config.Hidden),
            Query = Rows(query.Name, query.First, queries, query.Of, config.Hidden),
            Key = Rows(key.Name, key.First, keys, key.Of, config.Hidden),
            Value = Rows(value.Name, value.First, keys, value.Of, config.Hidden),
            QueryBias = bias ? Vector($"{at}.attn_q.bias", queries) : null,
            KeyBias = bias ? Vector($"{at}.attn_k.bias", keys) : null,
            ValueBias = bias ? Vector($"{at}.attn_v.bias", keys) : null,
            QueryNorm = norm ? Norm($"{at}.attn_q_norm.weight", config.HeadDim) : null,
            KeyNorm = norm ? Norm($"{at}.attn_k_norm.weight", config.HeadDim) : null,
            AttentionOutput = Matrix($"{at}.attn_output.weight", config.Hidden, queries, _arena),
            PostAttentionNorm = postNorms ? Norm($"{at}.post_attention_norm.weight", config.Hidden) : null,
            FeedForwardNorm = Norm($"{at}.ffn_norm.weight", config.Hidden),
            Router = config.Experts == 0
                ? null : Matrix($"{at}.ffn_gate_inp.weight", config.Experts, config.Hidden, _arena),
            FeedForwards = config.Experts == 0 ? [FeedForward(config, at)] : Experts(config, at),
            PostFeedForwardNorm = postNorms ? Norm($"{at}.post_ffw_norm.weight", config.Hidden) : null,
        };
    }

    private FeedForwardWeights FeedForward(ModelConfig config, string at)
    {
        int width = config.FeedForward;
        bool fused = config.Architecture.FusedProjections;
        string gate = fused ? $"{at}.ffn_up.weight" : $"{at}.ffn_gate.weight";
        return new FeedForwardWeights(
            Rows(gate, 0, width, fused ? 2 * width : width, config.Hidden),
            Rows($"{at}.ffn_up.weight", fused ? width : 0, width, fused ? 2 * width : width, config.Hidden),
            Matrix($"{at}.ffn_down.weight", config.Hidden, width, _arena));
    }

    /// <summary>
    /// The experts of a layer: stacked in one tensor a role, [experts, out, in], or, in older files and Hugging Face
    /// folders, a tensor for each.
    /// </summary>
    private FeedForwardWeights[] Experts(ModelConfig config, string at)
    {
        WeightMatrix[] Role(string role, int rows, int columns)
        {
            var matrices = new WeightMatrix[config.Experts];
            string stacked = $"{at}.{role}_exps.weight";
            bool isStacked = _file.Tensors.TryFind(stacked, out _)
                || !_file.Tensors.TryFind($"{at}.{role}.0.weight", out _);
            for (int expert = 0; expert < matrices.Length; expert++)
            {
                matrices[expert] = isStacked
                    ? Slice(Take(stacked, config.Experts, rows, columns), expert * (long)rows, rows, columns, _arena)
                    : Matrix($"{at}.{role}.{expert}.weight", rows, columns, _arena);
            }

            return matrices;
        }

        WeightMatrix[] gate = Role("ffn_gate", config.FeedForward, config.Hidden);
        WeightMatrix[] up = Role("ffn_up", config.FeedForward, config.Hidden);
        WeightMatrix[] down = Role("ffn_down", config.Hidden, config.FeedForward);
        return [.. gate.Select((matrix, i) => new FeedForwardWeights(matrix, up[i], down[i]))];
    }

    private WeightMatrix Matrix(string name, int rows, int columns, MemoryArena? arena) =>
        Slice(Take(name, rows, columns), 0, rows, columns, arena);

    /// <summary>Rows of a matrix that several projections share, or all of one.</summary>
    private WeightMatrix Rows(string name, int first, int rows, int of, int columns) =>
        Slice(Take(name, of, columns), first, rows, columns, _arena);

    /// <summary>Some rows of a tensor, packed into an arena or as they are in the file.</summary>
    private WeightMatrix Slice(TensorEntry tensor, long firstRow, int rows, int columns, MemoryArena? arena)
    {
        nint address = tensor.Address + (nint)(firstRow * GgmlTypeTraits.Of(tensor.Type).RowBytes(columns));
        try
        {
            var matrix = WeightMatrix.Load(
                _pool, tensor.Type, address, rows, columns, packed: arena is not null, arena, tensor.File);
            if (matrix.PackedBytes > 0)
                ReleasePacked(tensor, rows);
            return matrix;
        }
        catch (IOException e)
        {
            throw Unreadable(tensor, e);
        }
    }

    /// <summary>
    /// Lets a tensor go once all its rows are packed, except for the embedding, whose rows are looked up.
    /// </summary>
    private void ReleasePacked(TensorEntry tensor, int rows)
    {
        long packed = _rowsPacked.GetValueOrDefault(tensor.Name) + rows;
        _rowsPacked[tensor.Name] = packed;
        if (packed == tensor.Rows && tensor.Name != EmbeddingName)
            _file.Release(tensor);
    }

    private ModelFileException Unreadable(TensorEntry tensor, IOException e) => new(
        _file.Path, GgufCursor.Printable(tensor.Name), $"this tensor cannot be read: {e.Message}",
        "check the disk, and that nothing changes the file", e);

    private float[] Norm(string name, int length)
    {
        float[] weight = Vector(name, length);
        for (int i = 0; _normOffset != 0 && i < length; i++)
            weight[i] += _normOffset;
        return weight;
    }

    private float[] Vector(string name, int length)
    {
        TensorEntry tensor = Take(name, length);
        float[] values = new float[length];
        if (tensor.File is null)
        {
            Dequantizer.Row(tensor.Type, tensor.Address, values);
            return values;
        }

        // Touching a page of the mapping makes the system map those around it too, megabytes of matrices.
        using var bytes = new AlignedBuffer(tensor.Bytes, zeroed: false);
        try
        {
            tensor.File.Read(tensor.Address, bytes.Span(0, checked((int)tensor.Bytes)));
        }
        catch (IOException e)
        {
            throw Unreadable(tensor, e);
        }

        Dequantizer.Row(tensor.Type, bytes.Address, values);
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
