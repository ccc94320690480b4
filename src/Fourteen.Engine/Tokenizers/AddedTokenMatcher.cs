using System.Buffers;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// A token that is cut out of the text before everything else. Fields as in Hugging Face's added tokens.
/// </summary>
/// <param name="Text">UTF-8; not empty and at most <see cref="BytesMax"/> long.</param>
/// <param name="LeftStrip">White space before it belongs to it.</param>
/// <param name="RightStrip">White space after it belongs to it.</param>
/// <param name="SingleWord">It counts only where no word character touches it.</param>
/// <param name="Normalized">It is looked for after normalization, not before.</param>
internal sealed record AddedToken(
    int Id, byte[] Text, bool IsControl, bool LeftStrip, bool RightStrip, bool SingleWord, bool Normalized)
{
    /// <summary>Real ones have some 20 bytes, the longest 93; the limit bounds the time of a search.</summary>
    internal const int BytesMax = 1024;

    /// <summary>The control and user-defined tokens of a vocabulary whose kinds say which they are.</summary>
    internal static List<AddedToken> OfKinds(string path, string place, PackedStrings texts, TokenKind[] kinds)
    {
        var added = new List<AddedToken>();
        int bytes = 0;
        for (int id = 0; id < kinds.Length; id++)
        {
            bool isControl = kinds[id] is TokenKind.Control or TokenKind.Unknown;
            ReadOnlySpan<byte> text = texts[id];
            if ((!isControl && kinds[id] != TokenKind.UserDefined) || text.IsEmpty)
                continue;
            bytes += text.Length;
            if (text.Length > BytesMax || bytes > TokenizerDefinition.AddedBytesMax)
            {
                throw new ModelFileException(path, $"{place}[{id}]",
                    $"a control or user-defined token may have {BytesMax} bytes and all of them together "
                    + $"{TokenizerDefinition.AddedBytesMax}, but this one has {text.Length}");
            }

            added.Add(new AddedToken(id, text.ToArray(), isControl, false, false, false, false));
        }

        return added;
    }
}

/// <summary>
/// Finds added tokens in text: the leftmost, of those that start there the longest. A trie over bytes; the places where
/// one can start are found by a vector search for the first bytes. Immutable.
/// </summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<long, int> _edges = [];       // node << 8 | byte to node
    private readonly List<AddedToken?> _tokenOfNode = [null];
    private readonly SearchValues<byte> _firstBytes;

    internal AddedTokenMatcher(IEnumerable<AddedToken> tokens)
    {
        var firstBytes = new HashSet<byte>();
        foreach (AddedToken token in tokens)
        {
            firstBytes.Add(token.Text[0]);
            Insert(token);
        }

        _firstBytes = SearchValues.Create(firstBytes.ToArray());
    }

    /// <summary>The next token at or after <paramref name="from"/>, or null; it covers [start, end).</summary>
    internal AddedToken? Next(ReadOnlySpan<byte> text, int from, AddedTokens recognised, out int start, out int end)
    {
        start = from;
        end = from;
        if (recognised == AddedTokens.None)
            return null;

        for (int at = from; at < text.Length; at++)
        {
            int offset = text[at..].IndexOfAny(_firstBytes);
            if (offset < 0)
                return null;
            at += offset;
            AddedToken? token = Longest(text, at, recognised);
            if (token is null)
                continue;
            start = token.LeftStrip ? SpaceStart(text, from, at) : at;
            end = at + token.Text.Length;
            if (token.RightStrip)
                end = Scanners.RunEnd(text, end, RuneClass.Space);
            return token;
        }

        return null;
    }

    private AddedToken? Longest(ReadOnlySpan<byte> text, int at, AddedTokens recognised)
    {
        AddedToken? longest = null;
        long node = 0;
        for (int i = at; i < text.Length; i++)
        {
            if (!_edges.TryGetValue((node << 8) | text[i], out int next))
                break;
            node = next;
            AddedToken? token = _tokenOfNode[next];
            bool counts = token is not null && (recognised == AddedTokens.All || !token.IsControl)
                && !(token.SingleWord && TouchesWord(text, at, i + 1));
            if (counts)
                longest = token;
        }

        return longest;
    }

    private void Insert(AddedToken token)
    {
        long node = 0;
        foreach (byte value in token.Text)
        {
            long edge = (node << 8) | value;
            if (!_edges.TryGetValue(edge, out int next))
            {
                next = _tokenOfNode.Count;
                _tokenOfNode.Add(null);
                _edges.Add(edge, next);
            }

            node = next;
        }

        _tokenOfNode[(int)node] = token;
    }

    private static int SpaceStart(ReadOnlySpan<byte> text, int from, int at)
    {
        while (at > from)
        {
            int before = Utf8Rune.StartBefore(text, at);
            if (RuneClasses.At(text, before, out _) != RuneClass.Space)
                break;
            at = before;
        }

        return at;
    }

    private static bool TouchesWord(ReadOnlySpan<byte> text, int start, int end) =>
        (start > 0 && IsWord(text, Utf8Rune.StartBefore(text, start))) || (end < text.Length && IsWord(text, end));

    // \w: letters, marks, digits and the connector "_" (the other connectors are rare enough to leave out).
    private static bool IsWord(ReadOnlySpan<byte> text, int at) =>
        text[at] == '_'
        || (RuneClasses.At(text, at, out _) & (RuneClass.Letter | RuneClass.Mark | RuneClass.Number)) != 0;
}
