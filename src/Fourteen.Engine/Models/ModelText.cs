using Fourteen.Engine.Answers;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Constraints;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Engine.Models;

/// <summary>
/// The text side of a model: its tokenizer, its chat template, the tokens that end a message, and how it thinks.
/// Read-only after loading, so any thread may use it.
/// </summary>
public sealed class ModelText
{
    /// <summary>Tokens that end a message in one family or another; they count where the vocabulary has them.</summary>
    private static readonly string[] EndTexts =
        ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|eom_id|>", "<end_of_turn>", "<|end|>"];

    /// <summary>The largest tokenizer.json (Gemma 3) has 33 MB.</summary>
    private const int JsonBytesMax = 256 << 20;

    private ModelText(
        Tokenizer tokenizer, ChatTemplate? template, GgufMetadata metadata, int[] endTokens, ThinkingOptions thinking)
    {
        Tokenizer = tokenizer;
        BosText = TextOf(metadata, "tokenizer.ggml.bos_token_id");
        EosText = TextOf(metadata, "tokenizer.ggml.eos_token_id");
        Template = template;
        ToolCalls = ToolCallFormat.Detect(template?.Source, tokenizer);
        GapTokens = GapTokens.Find(metadata, tokenizer);
        Constraints = new ConstraintCache(tokenizer);
        EndTokens = endTokens;
        Thinking = thinking;
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>The token that begins a text, as templates know it; null where the model has none.</summary>
    public string? BosText { get; }

    /// <summary>The token that ends a text, as templates know it; null where the model has none.</summary>
    public string? EosText { get; }

    /// <summary>Null where the file has none.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>How it is told of tools and calls them.</summary>
    public ToolCallSupport ToolCalls { get; }

    /// <summary>Its tokens for filling a gap in a text; null where it has none.</summary>
    public GapTokens? GapTokens { get; }

    /// <summary>What answers were constrained to last.</summary>
    public ConstraintCache Constraints { get; }

    /// <summary>Every token that ends an answer.</summary>
    public IReadOnlyList<int> EndTokens { get; }

    /// <summary>How the model's thoughts look; without a budget.</summary>
    public ThinkingOptions Thinking { get; }

    /// <summary>Reads tokenizer and template of a model; throws <see cref="ModelFileException"/> where they are
    /// unknown.
    /// </summary>
    public static ModelText Read(ModelFile file)
    {
        Tokenizer tokenizer = ReadTokenizer(file);
        string? source = file.Metadata.FindString("tokenizer.chat_template");
        string name = $"{file.Path}: tokenizer.chat_template";
        ChatTemplate? template = source is null ? null : ChatTemplate.Parse(name, source);
        ThinkingOptions thinking = FindThinking(tokenizer);
        CheckRows(file, thinking);
        return new ModelText(
            tokenizer, template, file.Metadata, FindEndTokens(file.Metadata, tokenizer), thinking);
    }

    /// <summary>What closes a thought is appended without being drawn, so the model must have rows for it.</summary>
    private static void CheckRows(ModelFile file, ThinkingOptions thinking)
    {
        if (!thinking.CanThink || !file.Tensors.TryFind("token_embd.weight", out TensorEntry? embedding))
            return; // A vocabulary alone computes nothing.
        int highest = thinking.EmptyThought.Concat(thinking.StopSentence).Concat(thinking.BareClosing).Max();
        if (highest >= embedding.Rows)
        {
            throw new ModelFileException(
                file.Path, embedding.Name,
                $"must have a row for each token of <think> … </think>, found {embedding.Rows} rows and "
                + $"token {highest}");
        }
    }

    /// <summary>
    /// The tokens of a whole prompt: added tokens are recognized, and the BOS is put in front where the model wants one
    /// and the text, a template's perhaps, does not begin with it.
    /// </summary>
    public int[] EncodePrompt(string text)
    {
        int[] ids = Tokenizer.Encode(text, AddedTokens.All);
        return Tokenizer is { AddBos: true, BosId: { } bos } && (ids.Length == 0 || ids[0] != bos)
            ? [bos, .. ids]
            : ids;
    }

    /// <summary>The tokens of a text that is read and not continued, such as one to embed.</summary>
    public int[] EncodeText(string text)
    {
        int[] ids = Tokenizer.Encode(text, AddedTokens.None);
        return Tokenizer is { AddBos: true, BosId: { } bos } ? [bos, .. ids] : ids;
    }

    private static Tokenizer ReadTokenizer(ModelFile file)
    {
        string json = System.IO.Path.Combine(file.Path, "tokenizer.json");
        if (!Directory.Exists(file.Path))
            return Tokenizer.FromGguf(file.Metadata);
        if (!File.Exists(json))
            throw Missing(json);
        return Tokenizer.FromTokenizerJson(json, SmallFile.Read(json, JsonBytesMax));
    }

    private string? TextOf(GgufMetadata metadata, string key) =>
        metadata.FindInteger(key) is { } id && id >= 0 && id < Tokenizer.VocabularySize
            ? Tokenizer.Piece((int)id)
            : null;

    private static ModelFileException Missing(string path) =>
        new(path, "", "a model folder must have this file, but it is missing");

    private static int[] FindEndTokens(GgufMetadata metadata, Tokenizer tokenizer)
    {
        var ids = new SortedSet<int>();
        foreach (string key in (string[])["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"])
        {
            if (metadata.FindInteger(key) is { } id && id >= 0 && id < tokenizer.VocabularySize)
                ids.Add((int)id);
        }

        foreach (long id in metadata.FindIntegers("fourteen.eos_token_ids") ?? [])
        {
            if (id >= 0 && id < tokenizer.VocabularySize)
                ids.Add((int)id);
        }

        foreach (string text in EndTexts)
        {
            if (tokenizer.FindAddedToken(text) is { } id && tokenizer.IsControl(id))
                ids.Add(id);
        }

        return [.. ids];
    }

    private static ThinkingOptions FindThinking(Tokenizer tokenizer)
    {
        int? open = tokenizer.FindAddedToken("<think>"), close = tokenizer.FindAddedToken("</think>");
        if (open is null || close is null)
            return ThinkingOptions.None;
        return new ThinkingOptions
        {
            OpenToken = open,
            CloseToken = close,
            MessageStartToken = tokenizer.FindAddedToken("<|im_start|>"),
            EmptyThought = tokenizer.Encode(ThinkingOptions.EmptyThoughtText, AddedTokens.All),
            StopSentence = tokenizer.Encode(ThinkingOptions.StopSentenceText, AddedTokens.All),
            BareClosing = tokenizer.Encode(ThinkingOptions.BareClosingText, AddedTokens.All),
        };
    }
}
