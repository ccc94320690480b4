using System.Text;
using System.Text.Unicode;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Text to token ids and back: added tokens are cut out, the rest is normalized, cut into pieces and merged by rank.
/// One pipeline for every family; what differs is data from the file. Immutable after loading; any thread may use it.
/// </summary>
public sealed class Tokenizer
{
    /// <summary>Longer texts are refused: four million tokens would exceed every model's context.</summary>
    public const int TextCharsMax = 1 << 28;

    // Encodings that run at the same time beyond this number make their own state. What a long text made large is not
    // kept.
    private const int StatesMax = 4;
    private const long StateBytesMax = 16 << 20;

    private readonly TokenizerPipeline _pipeline;
    private readonly Dictionary<string, int> _added = new(StringComparer.Ordinal);
    private readonly EncodingState?[] _states = new EncodingState?[StatesMax];

    internal Tokenizer(TokenizerDefinition definition)
    {
        _pipeline = new TokenizerPipeline(definition);
        foreach (AddedToken token in definition.Added)
            _added[Encoding.UTF8.GetString(token.Text)] = token.Id;
        BosId = definition.BosId;
        EosId = definition.EosId;
        PadId = definition.PadId;
        AddBos = definition.AddBos;
    }

    /// <summary>The number of ids that the file defines; a model may have more rows, which are padding.</summary>
    public int VocabularySize => _pipeline.Vocabulary.Count;

    /// <summary>The token that begins a text, as the file says; null where it doesn't.</summary>
    public int? BosId { get; }

    /// <summary>The token that ends an answer, as the file says; null where it doesn't.</summary>
    public int? EosId { get; }

    /// <summary>The padding token, as the file says; null where it doesn't.</summary>
    public int? PadId { get; }

    /// <summary>
    /// Whether the model expects <see cref="BosId"/> before a text. <see cref="Encode"/> never adds it.
    /// </summary>
    public bool AddBos { get; }

    /// <summary>The tokenizer that a GGUF file describes in its keys <c>tokenizer.ggml.*</c>.</summary>
    /// <exception cref="ModelFileException">The keys are incomplete, contradict each other or are not
    /// supported.</exception>
    public static Tokenizer FromGguf(GgufMetadata metadata) => Build(metadata.Path, GgufTokenizerReader.Read(metadata));

    /// <summary>The tokenizer of a Hugging Face <c>tokenizer.json</c>.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="utf8Json">Its bytes; not used after the call.</param>
    /// <exception cref="ModelFileException">The file is damaged, or asks for what is not supported.</exception>
    public static Tokenizer FromTokenizerJson(string path, ReadOnlyMemory<byte> utf8Json) =>
        Build(path, TokenizerJsonReader.Read(path, utf8Json.Span));

    /// <summary>The tokenizer of Mistral's <c>tekken.json</c>. Arguments and errors as above.</summary>
    public static Tokenizer FromTekken(string path, ReadOnlyMemory<byte> utf8Json) =>
        Build(path, TekkenReader.Read(path, utf8Json.Span));

    /// <summary>The tokenizer of a SentencePiece <c>tokenizer.model</c> of the BPE kind. Errors as above.</summary>
    public static Tokenizer FromSentencePiece(string path, ReadOnlyMemory<byte> model) =>
        Build(path, SentencePieceReader.Read(path, model.Span));

    /// <summary>The ids of a text, without BOS or EOS. A lone surrogate counts as U+FFFD.</summary>
    /// <exception cref="ArgumentException">The text has more than <see cref="TextCharsMax"/> chars.</exception>
    public int[] Encode(string text, AddedTokens recognised)
    {
        if (text.Length > TextCharsMax)
        {
            throw new ArgumentException(
                $"a text may have {TextCharsMax} chars, but this one has {text.Length}", nameof(text));
        }

        EncodingState state = Lend();
        int[] ids = state.Encode(text, recognised);
        TakeBack(state);
        return ids;
    }

    /// <summary>
    /// The text of these ids: their bytes are joined and decoded once; each maximal invalid part of UTF-8 becomes one
    /// U+FFFD (the WHATWG rule), in SentencePiece's families each invalid byte.
    /// </summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecial">Whether control tokens are left out (others, such as <c>&lt;think&gt;</c>, never
    /// are).</param>
    /// <exception cref="ArgumentOutOfRangeException">An id lies outside the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial)
    {
        var bytes = new MemoryStream();
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> token = Bytes(id);
            if (!skipSpecial || !IsControl(id))
                bytes.Write(token);
        }

        ReadOnlySpan<byte> joined = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        return TextOf(DropsLeadingSpace && joined.StartsWith((byte)' ') ? joined[1..] : joined);
    }

    /// <summary>
    /// The bytes that a token stands for, perhaps part of a character; an added token's are its text.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The id lies outside the vocabulary.</exception>
    public ReadOnlySpan<byte> Bytes(int id) => _pipeline.Vocabulary.Bytes(Checked(id));

    /// <summary>The token for display: its bytes with U+FFFD for what is no UTF-8.</summary>
    public string Piece(int id) => Encoding.UTF8.GetString(Bytes(id));

    /// <summary>Whether the token is for the model and not for the reader, such as <c>&lt;|im_end|&gt;</c>.</summary>
    public bool IsControl(int id) => _pipeline.Vocabulary.Kind(Checked(id)) is TokenKind.Control or TokenKind.Unknown;

    /// <summary>Whether a token is text: neither control nor unknown nor unused.</summary>
    internal bool IsText(int id) =>
        _pipeline.Vocabulary.Kind(Checked(id)) is TokenKind.Normal or TokenKind.UserDefined or TokenKind.Byte;

    /// <summary>The id of an added token such as <c>&lt;think&gt;</c> or <c>&lt;|im_end|&gt;</c>, or null.</summary>
    public int? FindAddedToken(string text) => _added.TryGetValue(text, out int id) ? id : null;

    /// <summary>Decodes token by token; the caller owns it.</summary>
    /// <param name="skipSpecial">As in <see cref="Decode"/>.</param>
    public Detokenizer CreateDetokenizer(bool skipSpecial) => new(this, skipSpecial);

    /// <summary>Whether a text loses one space at its beginning, which encoding put there.</summary>
    internal bool DropsLeadingSpace => _pipeline.DummyPrefix;

    /// <summary>Bytes to text; what is invalid becomes U+FFFD, by the rule of the family.</summary>
    internal string TextOf(ReadOnlySpan<byte> bytes) => _pipeline.ReadsSpaceMarks && !Utf8.IsValid(bytes)
        ? TokenizerText.ReplaceEachInvalidByte(bytes)
        : Encoding.UTF8.GetString(bytes);

    private static Tokenizer Build(string path, TokenizerDefinition definition)
    {
        try
        {
            return new Tokenizer(definition);
        }
        catch (InvalidDataException limit)
        {
            throw new ModelFileException(path, "", limit.Message, "the file is damaged; download it again", limit);
        }
    }

    private int Checked(int id)
    {
        if ((uint)id >= (uint)VocabularySize)
        {
            throw new ArgumentOutOfRangeException(nameof(id), id,
                $"the vocabulary has the ids 0 to {VocabularySize - 1}; {id} is none of them");
        }

        return id;
    }

    private EncodingState Lend()
    {
        for (int i = 0; i < _states.Length; i++)
        {
            if (Interlocked.Exchange(ref _states[i], null) is { } state)
                return state;
        }

        return new EncodingState(_pipeline);
    }

    private void TakeBack(EncodingState state)
    {
        if (state.BytesHeld > StateBytesMax)
            return;
        for (int i = 0; i < _states.Length; i++)
        {
            if (Interlocked.CompareExchange(ref _states[i], state, null) is null)
                return;
        }
    }
}
