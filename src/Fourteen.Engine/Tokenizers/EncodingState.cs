using System.Text;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// The buffers and the cache of one encoding. A tokenizer lends them to one call at a time and keeps a few between
/// calls.
/// </summary>
internal sealed class EncodingState(TokenizerPipeline pipeline)
{
    private readonly BytePairMerger _merger = new(pipeline.Merges);
    private readonly PieceCache _cache = new();
    private readonly Nfc? _nfc = pipeline.Nfc ? new Nfc() : null;
    private readonly IdList _ids = new();
    private byte[] _utf8 = new byte[4096];
    private byte[] _spaced = [];
    private int[] _symbols = new int[256];

    /// <summary>Bytes that grew with the longest text so far.</summary>
    internal long BytesHeld =>
        _utf8.Length + _spaced.Length + (4L * (_symbols.Length + _ids.Capacity)) + _merger.BytesHeld
            + (_nfc?.BytesHeld ?? 0);

    internal int[] Encode(string text, AddedTokens recognised)
    {
        // A char becomes at most 3 bytes; a lone surrogate becomes U+FFFD, which has 3 too.
        int bytesMax = text.Length <= 4096 ? text.Length * 3 : Encoding.UTF8.GetByteCount(text);
        if (_utf8.Length < bytesMax)
            _utf8 = new byte[bytesMax];
        int length = Encoding.UTF8.GetBytes(text, _utf8);

        _ids.Clear();
        EncodeBetween(pipeline.AddedBefore, _utf8.AsSpan(0, length), recognised);
        return _ids.Span.ToArray();
    }

    // Added tokens cut the text before everything else, and each part between them is a text of its own.
    private void EncodeBetween(AddedTokenMatcher added, ReadOnlySpan<byte> text, AddedTokens recognised)
    {
        int from = 0;
        while (added.Next(text, from, recognised, out int start, out int end) is { } token)
        {
            EncodePart(added, text[from..start], recognised);
            _ids.Add(token.Id);
            from = end;
        }

        EncodePart(added, text[from..], recognised);
    }

    private void EncodePart(AddedTokenMatcher added, ReadOnlySpan<byte> text, AddedTokens recognised)
    {
        if (text.IsEmpty)
            return;
        bool isNormalized = added == pipeline.AddedAfter;
        if (!isNormalized && _nfc is not null)
            text = _nfc.Normalize(text);
        if (pipeline.ReadsSpaceMarks)
            text = WithSpaces(text);
        if (!isNormalized && pipeline.AddedAfter is not null)
            EncodeBetween(pipeline.AddedAfter, text, recognised);
        else
            EncodeStage(text, 0);
    }

    private ReadOnlySpan<byte> WithSpaces(ReadOnlySpan<byte> text)
    {
        int prefix = pipeline.DummyPrefix ? 1 : 0;
        if (_spaced.Length < prefix + text.Length)
            _spaced = new byte[Math.Max(256, (prefix + text.Length) * 2)];
        _spaced[0] = (byte)' ';
        return _spaced.AsSpan(0, prefix + SpaceMarks.ToSpaces(text, _spaced.AsSpan(prefix)));
    }

    private void EncodeStage(ReadOnlySpan<byte> text, int stage)
    {
        if (stage == pipeline.Stages.Length)
        {
            EncodePiece(text);
            return;
        }

        Scanner scanner = pipeline.Stages[stage];
        for (int start = 0; start < text.Length;)
        {
            int end = scanner(text, start);
            EncodeStage(text[start..end], stage + 1);
            start = end;
        }
    }

    private void EncodePiece(ReadOnlySpan<byte> piece)
    {
        bool isShort = piece.Length <= PieceCache.PieceBytesMax;
        uint hash = 0;
        if (isShort && _cache.TryFind(piece, out ReadOnlySpan<int> known, out hash))
        {
            _ids.Add(known);
            return;
        }

        int whole = pipeline.IgnoreMerges ? pipeline.Vocabulary.Find(piece) : -1;
        ReadOnlySpan<int> ids = whole >= 0 ? [whole] : Merge(piece);
        _ids.Add(ids);
        if (isShort)
            _cache.Add(piece, hash, ids);
    }

    private Span<int> Merge(ReadOnlySpan<byte> piece)
    {
        if (_symbols.Length < piece.Length)
            _symbols = new int[piece.Length];
        int count = pipeline.Symbols(piece, _symbols);
        return _symbols.AsSpan(0, _merger.Merge(_symbols.AsSpan(0, count)));
    }
}
