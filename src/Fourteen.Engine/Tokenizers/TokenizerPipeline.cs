namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// What encoding needs, built once from a <see cref="TokenizerDefinition"/>. Immutable, shared by threads.
/// </summary>
internal sealed class TokenizerPipeline
{
    private readonly int[] _idOfByte = new int[256];

    internal TokenizerPipeline(TokenizerDefinition definition)
    {
        Stages = definition.Stages;
        Nfc = definition.Nfc;
        IgnoreMerges = definition.IgnoreMerges;
        UnknownId = definition.UnknownId ?? -1;
        Vocabulary = MakeVocabulary(definition);
        for (int value = 0; value < 256; value++)
            _idOfByte[value] = Vocabulary.Find([(byte)value]);
        Merges = MakeMerges(definition, Vocabulary);

        // Tokens that are looked for after normalization; without a normalizer there is no difference.
        ILookup<bool, AddedToken> byTime = definition.Added.ToLookup(token => token.Normalized && Nfc);
        AddedBefore = new AddedTokenMatcher(byTime[false]);
        AddedAfter = byTime[true].Any() ? new AddedTokenMatcher(byTime[true]) : null;
    }

    internal Scanner[] Stages { get; }

    internal bool Nfc { get; }

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
        foreach (byte value in piece)
        {
            int id = _idOfByte[value];
            if (id < 0)
                id = UnknownId;
            if (id >= 0)
                symbols[count++] = id;
        }

        return count;
    }

    private static Vocabulary MakeVocabulary(TokenizerDefinition definition)
    {
        var bytes = new PackedStrings();
        var reachable = new bool[definition.Kinds.Length];
        byte[] buffer = new byte[256];
        for (int id = 0; id < definition.Kinds.Length; id++)
        {
            if (!definition.Texts.IsSet(id))
                continue;
            ReadOnlySpan<byte> text = definition.Texts[id];
            if (buffer.Length < text.Length)
                buffer = new byte[text.Length * 2];
            bool spelled = ByteAlphabet.TryDecode(text, buffer, out int length) && length > 0;
            ReadOnlySpan<byte> decoded = buffer.AsSpan(0, length);

            // An added token means its own text, also where that could be read in the byte alphabet.
            bool isNormal = definition.Kinds[id] is TokenKind.Normal or TokenKind.Unused;
            reachable[id] = spelled && (isNormal || decoded.SequenceEqual(text));
            bytes.Set(id, isNormal && spelled ? decoded : text);
        }

        return new Vocabulary(Padded(bytes, definition.Kinds.Length), definition.Kinds, reachable);
    }

    // The last ids may have no text.
    private static PackedStrings Padded(PackedStrings strings, int count)
    {
        while (strings.Count < count)
            strings.Add([]);
        return strings;
    }

    private static MergeTable MakeMerges(TokenizerDefinition definition, Vocabulary vocabulary)
    {
        int count = definition.Merges.Count / 2;
        var merges = new MergeTable(count);
        byte[] joined = new byte[256];
        for (int rank = 0; rank < count; rank++)
        {
            ReadOnlySpan<byte> left = definition.Merges[2 * rank];
            ReadOnlySpan<byte> right = definition.Merges[(2 * rank) + 1];
            if (joined.Length < left.Length + right.Length)
                joined = new byte[(left.Length + right.Length) * 2];

            bool spelled = ByteAlphabet.TryDecode(left, joined, out int leftLength);
            int rightLength = 0;
            spelled = spelled && ByteAlphabet.TryDecode(right, joined.AsSpan(leftLength), out rightLength);
            int leftId = spelled ? vocabulary.Find(joined.AsSpan(0, leftLength)) : -1;
            int rightId = spelled ? vocabulary.Find(joined.AsSpan(leftLength, rightLength)) : -1;
            int merged = spelled ? vocabulary.Find(joined.AsSpan(0, leftLength + rightLength)) : -1;
            if (leftId < 0 || rightId < 0 || merged < 0)
                throw NotInVocabulary(definition, rank, leftId < 0 ? left : rightId < 0 ? right : [.. left, .. right]);
            merges.Add(leftId, rightId, rank, merged);
        }

        return merges;
    }

    private static ModelFileException NotInVocabulary(
        TokenizerDefinition definition, int rank, ReadOnlySpan<byte> spelling) =>
        new(definition.Path, $"{definition.MergesPlace}[{rank}]",
            "a merge joins two tokens of the vocabulary into a third, but "
            + $"\"{TokenizerText.Shorten(spelling)}\" is not in the vocabulary",
            "the vocabulary and the merges do not belong together; convert or download the tokenizer again");
}
