using System.Collections.Concurrent;
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
    };

    private static readonly ConcurrentDictionary<string, Lazy<Tokenizer>> _loaded = new(StringComparer.Ordinal);

    internal static bool Knows(string name) => _files.ContainsKey(name);

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

    private static Tokenizer Read(string path) => path.EndsWith(".json", StringComparison.Ordinal)
        ? Tokenizer.FromTokenizerJson(path, File.ReadAllBytes(path))
        : Tokenizer.FromGguf(VocabularyGguf.Read(path));
}
