namespace Fourteen.Engine.Tokenizers;

/// <summary>How a file spells the bytes of its tokens.</summary>
internal enum Spelling
{
    /// <summary>One visible character a byte: <see cref="Tokenizers.ByteAlphabet"/>.</summary>
    ByteAlphabet,

    /// <summary>The bytes themselves.</summary>
    Bytes,

    /// <summary>
    /// Text in which U+2581 stands for a space; single bytes are <c>&lt;0x0A&gt;</c>. SentencePiece's way. Merging
    /// starts from characters, and a character that is no token becomes its bytes.
    /// </summary>
    SpaceMarks,
}

/// <summary>
/// A tokenizer as data, whatever kind of file it comes from: what <see cref="Tokenizer"/> is built from. The readers of
/// files fill it; they have checked that every id lies below <see cref="TokenKind"/>'s count.
/// </summary>
internal sealed class TokenizerDefinition
{
    /// <summary>
    /// An id may lie this high even in a small file; beyond, it must be justified by the file's length.
    /// </summary>
    internal const int IdsAlwaysAllowed = 1 << 20;

    /// <summary>All added tokens together; known vocabularies stay below 100 KB.</summary>
    internal const int AddedBytesMax = 1 << 20;

    /// <summary>
    /// Where merges come from ranks, a token is cut at every place, so that its length squared is work at loading.
    /// Known tokens have up to 128 bytes.
    /// </summary>
    internal const int RankedBytesMax = 1024;

    internal required string Path { get; init; }

    internal required Spelling Spelling { get; init; }

    /// <summary>Per id, in the file's spelling (UTF-8).</summary>
    internal required PackedStrings Texts { get; init; }

    internal required TokenKind[] Kinds { get; init; }

    internal required List<AddedToken> Added { get; init; }

    /// <summary>
    /// Left and right parts in turn, in the file's spelling; the rank is the order. Null where any two neighbours merge
    /// that are a token together: then <see cref="Ranks"/> orders them.
    /// </summary>
    internal PackedStrings? Merges { get; init; }

    /// <summary>Where the merges stand in the file, for messages.</summary>
    internal string MergesPlace { get; init; } = "";

    /// <summary>Per id the rank of becoming this token, lowest first; only where there are no merges.</summary>
    internal int[] Ranks { get; init; } = [];

    /// <summary>The pre-tokenizer: each scanner works inside the pieces of the one before.</summary>
    internal required Scanner[] Stages { get; init; }

    /// <summary>Whether text is normalized to NFC first.</summary>
    internal bool Nfc { get; init; }

    /// <summary>
    /// Whether every part of a text between added tokens gets a space before it, and a decoded text loses one.
    /// </summary>
    internal bool DummyPrefix { get; init; }

    /// <summary>A piece that is a token as a whole becomes that token without merging.</summary>
    internal bool IgnoreMerges { get; init; }

    /// <summary>The token for a byte that the vocabulary lacks; where null, such bytes vanish.</summary>
    internal int? UnknownId { get; init; }

    internal int? BosId { get; init; }

    internal int? EosId { get; init; }

    internal int? PadId { get; init; }

    internal bool AddBos { get; init; }
}
