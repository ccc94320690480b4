using System.Collections.Concurrent;
using System.IO.Compression;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Tokenizers;
using Fourteen.Testing;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>The tokenizers of the golden files by name, each loaded once for all tests.</summary>
internal static class Vocabularies
{
    private static readonly Dictionary<string, string> _files = new(StringComparer.Ordinal)
    {
        ["qwen3"] = "qwen3-tokenizer/tokenizer.json",
        ["smollm2"] = "vocab/smollm2-vocab.gguf",
        ["llama3"] = "vocab/ggml-vocab-llama-bpe.gguf",
        ["gpt2"] = "vocab/ggml-vocab-gpt-2.gguf",
        ["qwen2"] = "vocab/ggml-vocab-qwen2.gguf.gz",
        ["llama-spm"] = "vocab/ggml-vocab-llama-spm.gguf",
        ["mistral-v3"] = "vocab/mistral-v3.model",
        ["tekken"] = "vocab/tekken.json.gz",
        ["gemma4"] = "vocab/ggml-vocab-gemma-4.gguf.gz",
        ["falcon"] = "vocab/ggml-vocab-falcon.gguf",
    };

    private static readonly ConcurrentDictionary<string, Lazy<Tokenizer>> _loaded = new(StringComparer.Ordinal);

    /// <summary>The tokenizer of a golden file's NAME; the test is skipped where its vocabulary is absent.</summary>
    internal static Tokenizer Load(string name) => LoadFile(_files[name]);

    /// <summary>The tokenizer in a file or folder below <c>models/</c>, e.g. <c>vocab/smollm2-vocab.gguf</c>.</summary>
    internal static Tokenizer LoadFile(string relative)
    {
        string path = SharedFiles.Model(relative);
        if (Directory.Exists(path))
            path = Path.Combine(path, "tokenizer.json");
        return _loaded.GetOrAdd(path, key => new Lazy<Tokenizer>(() => Read(key))).Value;
    }

    private static Tokenizer Read(string path)
    {
        string name = Path.GetFileName(path);
        if (name.StartsWith("tekken", StringComparison.Ordinal))
            return Tokenizer.FromTekken(path, ReadBytes(path));
        if (name.EndsWith(".model", StringComparison.Ordinal))
            return Tokenizer.FromSentencePiece(path, ReadBytes(path));
        if (name.EndsWith(".json", StringComparison.Ordinal))
            return Tokenizer.FromTokenizerJson(path, ReadBytes(path));
        using GgufFile file = GgufFile.Open(path);
        return Tokenizer.FromGguf(file.Metadata);
    }

    private static byte[] ReadBytes(string path)
    {
        if (!path.EndsWith(".gz", StringComparison.Ordinal))
            return File.ReadAllBytes(path);
        using var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
