namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// What encoding needs, built once from a <see cref="TokenizerDefinition"/>. Immutable, shared by threads.
/// </summary>
internal sealed class TokenizerPipeline
{
    private readonly int[] _idOfByte = new int[256];
    private readonly bool _startsFromCharacters;

    internal TokenizerPipeline(TokenizerDefinition definition)
    {
        Nfc = definition.Nfc;
        DummyPrefix = definition.DummyPrefix;
        ReadsSpaceMarks = definition.Spelling == Spelling.SpaceMarks;
        IgnoreMerges = definition.IgnoreMerges;
        UnknownId = definition.UnknownId ?? -1;
        Vocabulary = VocabularyBuilder.Build(definition);
        Merges = MergeTableBuilder.Build(definition, Vocabulary);
        _startsFromCharacters = ReadsSpaceMarks;
        FillBytes();
        bool cutsBeforeSpaces = ReadsSpaceMarks && !SomeTokenHasASpaceInside();
        Stages = cutsBeforeSpaces ? [.. definition.Stages, Scanners.BeforeSpaces] : definition.Stages;

        // Tokens that are looked for after normalization; without a normalizer there is no difference.
        ILookup<bool, AddedToken> byTime = definition.Added.ToLookup(token => token.Normalized && Nfc);
        AddedBefore = new AddedTokenMatcher(byTime[false]);
        AddedAfter = byTime[true].Any() ? new AddedTokenMatcher(byTime[true]) : null;
    }

    internal Scanner[] Stages { get; }

    internal bool Nfc { get; }

    internal bool DummyPrefix { get; }

    /// <summary>Whether U+2581 in text is a space, and invalid UTF-8 is replaced byte by byte: SentencePiece.</summary>
    internal bool ReadsSpaceMarks { get; }

    internal bool IgnoreMerges { get; }

    internal int UnknownId { get; }

    internal Vocabulary Vocabulary { get; }

    internal MergeTable Merges { get; }

    internal AddedTokenMatcher AddedBefore { get; }

    internal AddedTokenMatcher? AddedAfter { get; }

    /// <summary>The smallest tokens that a piece is made of, before merging. At most one a byte.</summary>
    internal int Symbols(ReadOnlySpan<byte> piece, Span<int> symbols)
    {
        int count = 0;
        for (int i = 0; i < piece.Length;)
        {
            int length = 1;
            if (_startsFromCharacters)
            {
                Utf8Rune.Read(piece, i, out length);
                int character = Vocabulary.Find(piece.Slice(i, length));
                if (character >= 0)
                {
                    symbols[count++] = character;
                    i += length;
                    continue;
                }
            }

            count += BytesOf(piece.Slice(i, length), symbols[count..]);
            i += length;
        }

        return count;
    }

    // A character (or byte) that the vocabulary lacks: its bytes, or where one is missing, one unknown token or
    // nothing.
    private int BytesOf(ReadOnlySpan<byte> character, Span<int> symbols)
    {
        for (int i = 0; i < character.Length; i++)
        {
            symbols[i] = _idOfByte[character[i]];
            if (symbols[i] >= 0)
                continue;
            symbols[0] = UnknownId;
            return UnknownId >= 0 ? 1 : 0;
        }

        return character.Length;
    }

    // The token of each byte: the byte itself, or for SentencePiece, whose single characters are text, the byte token.
    private void FillBytes()
    {
        for (int value = 0; value < 256; value++)
            _idOfByte[value] = _startsFromCharacters ? -1 : Vocabulary.Find([(byte)value]);
        for (int id = 0; id < Vocabulary.Count; id++)
        {
            if (Vocabulary.Kind(id) == TokenKind.Byte)
                _idOfByte[Vocabulary.Bytes(id)[0]] = id;
        }
    }

    // SentencePiece merges over the whole text. Where no token holds a space after something else, no merge crosses
    // such a place, so that cutting there changes nothing and words can be remembered.
    private bool SomeTokenHasASpaceInside()
    {
        for (int id = 0; id < Vocabulary.Count; id++)
        {
            if (Vocabulary.Kind(id) is not (TokenKind.Normal or TokenKind.UserDefined))
                continue;
            ReadOnlySpan<byte> bytes = Vocabulary.Bytes(id);
            int text = bytes.IndexOfAnyExcept((byte)' ');
            if (text >= 0 && bytes[text..].Contains((byte)' '))
                return true;
        }

        return false;
    }
}
