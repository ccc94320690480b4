using System.Text;
using Fourteen.Formats;

namespace Fourteen.Testing;

/// <summary>
/// Writes small GGUF files in memory. Nothing is checked, so that wrong files can be built too. The type of a metadata
/// value follows from the C# type: <c>uint</c> becomes u32, <c>string[]</c> an array of strings, and so on.
/// </summary>
public sealed class GgufBuilder
{
    private static readonly Type[] ValueTypes =
    [
        typeof(byte), typeof(sbyte), typeof(ushort), typeof(short), typeof(uint), typeof(int), typeof(float),
        typeof(bool), typeof(string), typeof(Array), typeof(ulong), typeof(long), typeof(double),
    ];

    private readonly List<(string Key, object Value)> _values = [];
    private readonly List<(string Name, uint Type, ulong[] Dimensions, byte[] Data, ulong? Offset)> _tensors = [];
    private readonly List<(int Offset, int Bytes)> _numbers = [];
    private MemoryStream _stream = new();

    /// <summary>Version of the container.</summary>
    public uint Version { get; set; } = 3;

    /// <summary>Alignment of the data; written as a key only if that is added.</summary>
    public int Alignment { get; set; } = 32;

    /// <summary>
    /// Where the last built file has its numbers (version, counts, lengths, types, values, dimensions, offsets), for
    /// programs that break them.
    /// </summary>
    public IReadOnlyList<(int Offset, int Bytes)> Numbers => _numbers;

    public GgufBuilder Add(string key, object value)
    {
        _values.Add((key, value));
        return this;
    }

    /// <summary>Adds a key, or gives one that is there another value.</summary>
    public GgufBuilder Set(string key, object value)
    {
        _values.RemoveAll(pair => pair.Key == key);
        return Add(key, value);
    }

    /// <summary>Adds a tensor of <paramref name="type"/> with its data in place.</summary>
    public GgufBuilder AddTensor(string name, GgmlType type, long[] dimensions, byte[] data) =>
        AddTensor(name, (uint)type, [.. dimensions.Select(size => (ulong)size)], data, null);

    /// <summary>Adds a tensor of any type id, dimensions and offset.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Type id, which need not exist.</param>
    /// <param name="dimensions">Any number of any dimensions.</param>
    /// <param name="data">What is appended to the data part, aligned.</param>
    /// <param name="offset">What is written as offset; null for where the data is.</param>
    public GgufBuilder AddTensor(string name, uint type, ulong[] dimensions, byte[] data, ulong? offset)
    {
        _tensors.Add((name, type, dimensions, data, offset));
        return this;
    }

    /// <summary>A small valid file with values of every type, some tensors, a configuration and a tokenizer.</summary>
    public static GgufBuilder Sample() => new GgufBuilder()
        .Add("general.architecture", "qwen3")
        .Add("general.alignment", 32u)
        .Add("a.byte", (byte)200).Add("a.sbyte", (sbyte)-3).Add("a.ushort", (ushort)60_000).Add("a.short", (short)-9)
        .Add("a.int", -70_000).Add("a.float", 0.5f).Add("a.bool", true)
        .Add("a.ulong", 1UL << 40).Add("a.long", -(1L << 40)).Add("a.double", 0.1)
        .Add("tokenizer.ggml.tokens", (string[])["a", "b", "", "löng", "<|end|>", "ab"])
        .Add("tokenizer.ggml.scores", (float[])[1, 2, 3, 4, 5, 6])
        .Add("tokenizer.ggml.token_type", (int[])[1, 1, 1, 1, 3, 1])
        .Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", "qwen2")
        .Add("tokenizer.ggml.merges", (string[])["a b"]).Add("tokenizer.ggml.eos_token_id", 4u)
        .Add("tokenizer.chat_template", "{% for m in messages %}{{ m['content'] | trim }}{% endfor %}")
        .Add("qwen3.block_count", 1u).Add("qwen3.context_length", 64u).Add("qwen3.embedding_length", 8u)
        .Add("qwen3.feed_forward_length", 16u).Add("qwen3.attention.head_count", 4u)
        .Add("qwen3.attention.head_count_kv", 2u).Add("qwen3.attention.key_length", 8u)
        .Add("qwen3.attention.layer_norm_rms_epsilon", 1e-6f).Add("qwen3.rope.freq_base", 1e6f)
        .Add("qwen3.rope.scaling.type", "yarn").Add("qwen3.rope.scaling.factor", 4f)
        .Add("qwen3.rope.scaling.original_context_length", 32u)
        .Add("b.bools", (bool[])[true, false]).Add("b.doubles", (double[])[0.25]).Add("b.bytes", (byte[])[1, 255])
        .AddTensor("token_embd.weight", GgmlType.F16, [8, 6], new byte[96])
        .AddTensor("blk.0.attn_q.weight", GgmlType.Q8_0, [32, 4], new byte[136])
        .AddTensor("blk.0.attn_norm.weight", GgmlType.F32, [8], new byte[32])
        .AddTensor("blk.0.ffn_up_exps.weight", GgmlType.Q4_0, [32, 2, 3, 1], new byte[108]);

    public byte[] Build()
    {
        _stream = new MemoryStream();
        _numbers.Clear();
        _stream.Write("GGUF"u8);
        Number(Version, 4);
        Number((ulong)_tensors.Count, 8);
        Number((ulong)_values.Count, 8);
        foreach ((string key, object value) in _values)
        {
            Text(key);
            Value(value);
        }

        long offset = 0;
        foreach (var tensor in _tensors)
        {
            Text(tensor.Name);
            Number((ulong)tensor.Dimensions.Length, 4);
            foreach (ulong size in tensor.Dimensions)
                Number(size, 8);
            Number(tensor.Type, 4);
            Number(tensor.Offset ?? (ulong)offset, 8);
            offset = Align(offset + tensor.Data.Length);
        }

        foreach (var tensor in _tensors)
        {
            _stream.SetLength(Align(_stream.Length));
            _stream.Position = _stream.Length;
            _stream.Write(tensor.Data);
        }

        return _stream.ToArray();
    }

    private long Align(long position) => (position + Alignment - 1) / Alignment * Alignment;

    private void Value(object value)
    {
        Type type = value is Array ? typeof(Array) : value.GetType();
        Number((ulong)Array.IndexOf(ValueTypes, type), 4);
        if (value is not Array array)
        {
            Element(value);
            return;
        }

        Number((ulong)Array.IndexOf(ValueTypes, array.GetType().GetElementType()), 4);
        Number((ulong)array.Length, 8);
        foreach (object element in array)
            Element(element);
    }

    private void Element(object value)
    {
        switch (value)
        {
            case string text: Text(text); break;
            case byte v: _stream.WriteByte(v); break;
            case sbyte v: _stream.WriteByte((byte)v); break;
            case bool v: _stream.WriteByte(v ? (byte)1 : (byte)0); break;
            case ushort v: Number(v, 2); break;
            case short v: Number((ushort)v, 2); break;
            case uint v: Number(v, 4); break;
            case int v: Number((uint)v, 4); break;
            case float v: Number(BitConverter.SingleToUInt32Bits(v), 4); break;
            case ulong v: Number(v, 8); break;
            case long v: Number((ulong)v, 8); break;
            case double v: Number(BitConverter.DoubleToUInt64Bits(v), 8); break;
            default: throw new ArgumentException($"GGUF has no values of {value.GetType().Name}.", nameof(value));
        }
    }

    private void Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Number((ulong)bytes.Length, 8);
        _stream.Write(bytes);
    }

    private void Number(ulong value, int bytes)
    {
        _numbers.Add(((int)_stream.Position, bytes));
        _stream.Write(BitConverter.GetBytes(value), 0, bytes);
    }
}
