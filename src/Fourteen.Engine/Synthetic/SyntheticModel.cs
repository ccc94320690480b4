using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;

namespace Fourteen.Engine.Synthetic;

/// <summary>
/// A model of a known shape and quantization with random weights: it computes as long as the real one and means
/// nothing. The same shape, mix and seed give the same bytes in memory and in a file, on every machine. Read-only, so
/// any thread may use it.
/// </summary>
public sealed class SyntheticModel
{
    /// <summary>Seed of the models that the command line makes.</summary>
    public const ulong UsualSeed = 14;

    /// <summary>Bytes that are made and written at a time, about.</summary>
    private const int WriteBytesWanted = 8 << 20;

    private readonly ulong _seed;
    private readonly IReadOnlyList<TensorShape> _shapes;

    /// <exception cref="RequestException">The mix has no type for rows of some length, or the vocabulary is too small.
    /// </exception>
    public SyntheticModel(ModelShape shape, QuantMix mix, ulong seed)
    {
        if (shape.Vocabulary < SyntheticVocabulary.SizeMin)
        {
            throw new RequestException(
                "synthetic", $"a vocabulary needs {SyntheticVocabulary.SizeMin} tokens, found {shape.Vocabulary}");
        }

        Shape = shape;
        Mix = mix;
        _seed = seed;
        _shapes = TensorShape.Of(shape);
        Bytes = CreateTensors().Sum(tensor => tensor.Bytes);
    }

    public ModelShape Shape { get; }

    public QuantMix Mix { get; }

    /// <summary>Shape and mix as they were asked for: <c>qwen3-14b:Q4_K_M</c>.</summary>
    public string Name => $"{Shape.Name}:{Mix.Name}";

    /// <summary>Bytes of all tensors.</summary>
    public long Bytes { get; }

    /// <summary>The model that <c>NAME:QUANT</c> stands for; throws <see cref="RequestException"/> for an unknown one.
    /// </summary>
    public static SyntheticModel Parse(string text, ulong seed)
    {
        string[] parts = text.Split(':', 2);
        ModelShape shape = ModelCatalog.Find(parts[0]) ?? throw new RequestException(
            "synthetic",
            $"the shape must be one of {string.Join(", ", ModelCatalog.All.Select(row => row.Name))}; found "
            + $"\"{GgufCursor.Printable(parts[0])}\"");
        string quant = parts.Length > 1 ? parts[1] : "";
        QuantMix mix = QuantMix.Find(quant) ?? throw new RequestException(
            "synthetic",
            $"after {shape.Name}: there must be one of {string.Join(", ", QuantMix.All.Select(row => row.Name))}, or "
            + "pure: and a ggml type (pure:Q4_K) for one type in all matrices; found "
            + $"\"{GgufCursor.Printable(quant)}\"");
        return new SyntheticModel(shape, mix, seed);
    }

    /// <summary>
    /// The model as an open file without a tokenizer. A tensor's bytes are made when they are first read, and freed
    /// once they are packed, so that loading needs little more memory than the packed weights.
    /// </summary>
    public ModelFile Open()
    {
        SyntheticTensor[] tensors = [.. CreateTensors()];
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach ((string key, object value) in Keys())
            values.Add(key, AsRead(value));
        Dictionary<string, SyntheticTensor> byName = tensors.ToDictionary(tensor => tensor.Description.Name);
        return new ModelFile(
            Name, new GgufMetadata(Name, values), new TensorDirectory([.. tensors.Select(tensor => tensor.ToEntry())]),
            new Owner(tensors), tensor => byName[tensor.Name].Release());
    }

    /// <summary>Writes the model as a GGUF file, with a vocabulary that other engines accept.</summary>
    /// <param name="target">Written forwards only; stays the caller's.</param>
    /// <param name="progress">Told (bytes of tensors written, all of them), or null.</param>
    public async Task WriteAsync(Stream target, Action<long, long>? progress, CancellationToken cancellation)
    {
        SyntheticTensor[] tensors = [.. CreateTensors()];
        var writer = new GgufWriter(target, [.. tensors.Select(tensor => tensor.Description)]);
        await writer.WriteHeadAsync([.. Keys(), .. SyntheticVocabulary.Keys(Shape.Vocabulary)], cancellation)
            .ConfigureAwait(false);
        long done = 0;
        byte[] next = [], written = [];
        Task writing = Task.CompletedTask;
        foreach (SyntheticTensor tensor in tensors)
        {
            int step = Math.Max(1, WriteBytesWanted / tensor.PieceBytes) * tensor.PieceBytes;
            for (long start = 0; start < tensor.Bytes; start += step)
            {
                int length = (int)Math.Min(step, tensor.Bytes - start);
                if (next.Length < length)
                    next = new byte[length];
                tensor.Fill(start, next.AsMemory(0, length)); // While the piece before is being written.
                await writing.ConfigureAwait(false);
                writing = writer.WriteAsync(next.AsMemory(0, length), cancellation);
                (next, written) = (written, next);
                done += length;
                progress?.Invoke(done, Bytes);
            }
        }

        await writing.ConfigureAwait(false);
        await writer.FinishAsync(cancellation).ConfigureAwait(false);
    }

    private IEnumerable<SyntheticTensor> CreateTensors() => _shapes.Select((shape, i) =>
        new SyntheticTensor(shape, Shape, Mix.TypeOf(shape, Shape), RandomBlocks.Mix(_seed + (ulong)i)));

    /// <summary>The keys that llama.cpp's converter writes for such a model, but for those of the tokenizer.</summary>
    private IEnumerable<KeyValuePair<string, object>> Keys()
    {
        string at = Shape.Architecture;
        yield return new("general.architecture", at);
        yield return new("general.type", "model");
        yield return new("general.name", $"{Shape.Name}, random weights");
        yield return new("general.file_type", (uint)Mix.FileType);
        yield return new("general.quantization_version", 2u);
        yield return new($"{at}.block_count", (uint)Shape.Layers);
        yield return new($"{at}.context_length", (uint)Shape.Context);
        yield return new($"{at}.embedding_length", (uint)Shape.Hidden);
        yield return new($"{at}.feed_forward_length", (uint)Shape.FeedForward);
        yield return new($"{at}.attention.head_count", (uint)Shape.Heads);
        yield return new($"{at}.attention.head_count_kv", (uint)Shape.KvHeads);
        yield return new($"{at}.attention.key_length", (uint)Shape.HeadDim);
        yield return new($"{at}.attention.value_length", (uint)Shape.HeadDim);
        yield return new($"{at}.attention.layer_norm_rms_epsilon", (float)Shape.RmsEpsilon);
        yield return new($"{at}.rope.freq_base", (float)Shape.RopeBase);
        yield return new($"{at}.rope.dimension_count", (uint)Shape.HeadDim);
        yield return new($"{at}.vocab_size", (uint)Shape.Vocabulary);
        if (Shape.Experts == 0)
            yield break;
        yield return new($"{at}.expert_count", (uint)Shape.Experts);
        yield return new($"{at}.expert_used_count", (uint)Shape.ExpertsUsed);
        if (at != "llama")
            yield return new($"{at}.expert_feed_forward_length", (uint)Shape.FeedForward);
    }

    /// <summary>A value as a reader of the file would give it.</summary>
    private static object AsRead(object value) => value switch
    {
        uint whole => (long)whole,
        float real => (double)real,
        _ => value,
    };

    private sealed class Owner(SyntheticTensor[] tensors) : IDisposable
    {
        public void Dispose() => Array.ForEach(tensors, tensor => tensor.Dispose());
    }
}
