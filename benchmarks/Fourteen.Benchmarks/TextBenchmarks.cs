using System.Text.Json.Nodes;
using BenchmarkDotNet.Attributes;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Benchmarks;

/// <summary>
/// The text side: one megabyte of English to tokens, loading a vocabulary, rendering a template, drawing a token. The
/// files come from the environment variables FOURTEEN_TOKENIZER (a tokenizer.json) and FOURTEEN_TEXT, else from the
/// embedded model and repeated prose.
/// </summary>
public class TextBenchmarks
{
    private const int TextBytes = 1 << 20;
    private const int Vocabulary = 151_936;

    private string? _json;
    private GgufFile? _embedded;
    private Tokenizer? _tokenizer;
    private ChatTemplate? _template;
    private string _text = "";
    private float[] _logits = [];
    private readonly float[] _row = new float[Vocabulary];
    private Sampler? _sampler;
    private ulong _position;

    [GlobalSetup]
    public void Setup()
    {
        _embedded = GgufFile.Open(Path.Combine(
            Root(), "models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"));
        _json = Environment.GetEnvironmentVariable("FOURTEEN_TOKENIZER");
        _tokenizer = LoadVocabulary();
        string? file = Environment.GetEnvironmentVariable("FOURTEEN_TEXT");
        string prose = file is null
            ? "The quick brown fox jumps over the lazy dog, and nobody in the village minds it very much. "
            : File.ReadAllText(file);
        while (_text.Length < TextBytes)
            _text += prose;
        _text = _text[..TextBytes];
        _template = ChatTemplate.Parse("benchmark", _embedded.Metadata.RequireString("tokenizer.chat_template"));
        var random = new Random(1);
        _logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => (float)(Normal(random) * 3))];
        var options = new SamplingOptions { Temperature = 0.6, TopK = 20, TopP = 0.95 };
        _sampler = new Sampler(options, Vocabulary, Vocabulary, []);
    }

    [GlobalCleanup]
    public void Cleanup() => _embedded?.Dispose();

    [Benchmark]
    public int Encode1MB() => _tokenizer!.Encode(_text, AddedTokens.None).Length; // Setup made what is used here.

    [Benchmark]
    public Tokenizer LoadVocabulary() => _json is null
        ? Tokenizer.FromGguf(_embedded!.Metadata)
        : Tokenizer.FromTokenizerJson(_json, File.ReadAllBytes(_json));

    [Benchmark]
    public string RenderTemplate() => _template!.Render(
        new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hello" }),
            ["add_generation_prompt"] = true,
        },
        DateTimeOffset.UnixEpoch);

    [Benchmark]
    public int SampleThinking()
    {
        _logits.CopyTo(_row, 0); // Sampling overwrites its row.
        return _sampler!.Sample(_row, _position++);
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Fourteen.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder
            ?? throw new InvalidOperationException("Benchmarks run below the folder that holds Fourteen.slnx.");
    }
}
