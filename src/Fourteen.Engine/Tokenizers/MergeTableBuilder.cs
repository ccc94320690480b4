using System.Runtime.CompilerServices;

namespace Fourteen.Engine.Tokenizers;

/// <summary>Makes the table of merges, from a list or from the vocabulary itself.</summary>
internal static class MergeTableBuilder
{
    internal static MergeTable Build(TokenizerDefinition definition, Vocabulary vocabulary) =>
        definition.Merges is null ? FromRanks(definition, vocabulary)
            : FromList(definition, definition.Merges, vocabulary);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static MergeTable FromList(TokenizerDefinition definition, PackedStrings list, Vocabulary vocabulary)
    {
        int count = list.Count / 2;
        var merges = new MergeTable(count);
        byte[] joined = new byte[256];
        for (int rank = 0; rank < count; rank++)
        {
            ReadOnlySpan<byte> left = list[2 * rank];
            ReadOnlySpan<byte> right = list[(2 * rank) + 1];
            if (joined.Length < left.Length + right.Length)
                joined = new byte[(left.Length + right.Length) * 2];

            bool spelled = VocabularyBuilder.TryDecode(definition.Spelling, left, joined, out int leftLength);
            int rightLength = 0;
            spelled = spelled && VocabularyBuilder.TryDecode(
                definition.Spelling, right, joined.AsSpan(leftLength), out rightLength);
            int leftId = spelled ? vocabulary.Find(joined.AsSpan(0, leftLength)) : -1;
            int rightId = spelled ? vocabulary.Find(joined.AsSpan(leftLength, rightLength)) : -1;
            int merged = spelled ? vocabulary.Find(joined.AsSpan(0, leftLength + rightLength)) : -1;
            if (leftId < 0 || rightId < 0 || merged < 0)
                throw NotInVocabulary(definition, rank, leftId < 0 ? left : rightId < 0 ? right : [.. left, .. right]);
            merges.Add(leftId, rightId, rank, merged);
        }

        return merges;
    }

    // Every way to cut a token into two tokens is a merge with the token's rank.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static MergeTable FromRanks(TokenizerDefinition definition, Vocabulary vocabulary)
    {
        bool isText = definition.Spelling == Spelling.SpaceMarks;
        var merges = new MergeTable(vocabulary.Count * 2);
        for (int id = 0; id < vocabulary.Count; id++)
        {
            ReadOnlySpan<byte> bytes = vocabulary.Bytes(id);
            if (vocabulary.Kind(id) != TokenKind.Normal || vocabulary.Find(bytes) != id)
                continue;
            if (bytes.Length > TokenizerDefinition.RankedBytesMax)
            {
                throw new ModelFileException(definition.Path, $"token {id}",
                    $"a token may have {TokenizerDefinition.RankedBytesMax} bytes, but this one has {bytes.Length}");
            }

            for (int cut = 1; cut < bytes.Length; cut++)
            {
                bool isInsideCharacter = isText && (bytes[cut] & 0xC0) == 0x80;
                if (isInsideCharacter)
                    continue;
                int left = vocabulary.Find(bytes[..cut]);
                int right = left < 0 ? -1 : vocabulary.Find(bytes[cut..]);
                if (right >= 0)
                    merges.Add(left, right, definition.Ranks[id], id);
            }
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
