namespace Fourteen.Engine.Tokenizers;

/// <summary>How a file spells the bytes of its tokens.</summary>
internal enum Spelling
{
    /// <summary>One visible character a byte: <see cref="ByteAlphabet"/>.</summary>
    ByteAlphabet,
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

    internal required string Path { get; init; }

    internal required Spelling Spelling { get; init; }

    /// <summary>Per id, in the file's spelling (UTF-8).</summary>
    internal required PackedStrings Texts { get; init; }

    internal required TokenKind[] Kinds { get; init; }

    internal required List<AddedToken> Added { get; init; }

    /// <summary>Left and right parts in turn, in the file's spelling; the rank is the order.</summary>
    internal required PackedStrings Merges { get; init; }

    /// <summary>Where the merges stand in the file, for messages.</summary>
    internal required string MergesPlace { get; init; }

    /// <summary>The pre-tokenizer: each scanner works inside the pieces of the one before.</summary>
    internal required Scanner[] Stages { get; init; }

    /// <summary>Whether text is normalized to NFC first.</summary>
    internal required bool Nfc { get; init; }

    /// <summary>A piece that is a token as a whole becomes that token without merging.</summary>
    internal required bool IgnoreMerges { get; init; }

    /// <summary>The token for a byte that the vocabulary lacks; where null, such bytes vanish.</summary>
    internal int? UnknownId { get; init; }

    internal int? BosId { get; init; }

    internal int? EosId { get; init; }

    internal int? PadId { get; init; }

    internal bool AddBos { get; init; }
}
