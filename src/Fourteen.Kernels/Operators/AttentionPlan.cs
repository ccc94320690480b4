using Fourteen.Kernels.Memory;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// The work items of one run of attention. A tile is a few tokens of one span for one key/value head; its result is
/// merged from the pieces of context that it sees. Where there are few tiles, one is cut into items of some pieces
/// each, which leave each piece in memory, and the last to be done merges them: in the order of the pieces, as a tile
/// in one item does.
/// </summary>
internal sealed unsafe class AttentionPlan(int ratio, KvStore cache, int threads) : IDisposable
{
    /// <summary>Items that a thread should find: as many as make the last one short beside the whole.</summary>
    private const int ItemsPerThread = 16;

    /// <summary>64 MiB of pieces: 512 of a token with 256 heads of 128 channels. Tiles beyond it are not cut.</summary>
    private const long PieceFloatsMax = 1 << 24;

    private readonly int _tileTokens = Math.Max(1, Attention.QueriesMax / ratio);
    private readonly List<Tile> _tiles = [];
    private readonly List<Item> _items = [];
    private int[] _open = [];
    private AlignedBuffer _pieces = new(0, zeroed: false);

    /// <param name="First">Its first token's place in the span.</param>
    /// <param name="FirstPiece">The first piece that it sees.</param>
    /// <param name="Pieces">How many pieces it sees.</param>
    /// <param name="Memory">Where its pieces lie, in floats; −1: it is one item, which needs no memory.</param>
    internal readonly record struct Tile(
        AttentionSpan Span, int First, int Count, int KvHead, int FirstPiece, int Pieces, long Memory)
    {
        internal bool IsCut => Memory >= 0;
    }

    /// <param name="First">Its first piece within the tile's.</param>
    internal readonly record struct Item(int Tile, int First, int Count);

    internal int Count => _items.Count;

    /// <summary>Queries of the largest tile.</summary>
    internal int Queries => _tileTokens * ratio;

    /// <summary>Floats of a piece of a tile: values, maximum and sum of each query.</summary>
    internal long PieceFloats => PieceFloatsOf(_tileTokens);

    internal Item ItemAt(int index) => _items[index];

    internal Tile TileAt(int index) => _tiles[index];

    /// <summary>Where piece <paramref name="index"/> of a tile that is cut lies.</summary>
    internal float* Piece(in Tile tile, int index) =>
        (float*)_pieces.Address + tile.Memory + (index * PieceFloatsOf(tile.Count));

    /// <summary>Notes that an item of a tile that is cut is done; true for the last one.</summary>
    internal bool Finish(int tile) => Interlocked.Decrement(ref _open[tile]) == 0;

    internal void Make(ReadOnlySpan<AttentionSpan> spans, int window)
    {
        _tiles.Clear();
        _items.Clear();
        long pieces = 0;
        foreach (AttentionSpan span in spans)
        {
            for (int first = 0; first < span.Count; first += _tileTokens)
                pieces += AddTiles(span, first, Math.Min(_tileTokens, span.Count - first), window);
        }

        if (_open.Length < _tiles.Count)
            _open = new int[Math.Max(_tiles.Count, 2 * _open.Length)];
        long target = Math.Max(1, pieces / (ItemsPerThread * threads));
        long memory = 0;
        for (int index = 0; index < _tiles.Count; index++)
            memory += AddItems(index, (int)target, memory);
        if (_pieces.Length < memory * sizeof(float))
        {
            _pieces.Dispose();
            _pieces = new AlignedBuffer(memory * sizeof(float) * 2, zeroed: false);
        }
    }

    public void Dispose() => _pieces.Dispose();

    private long AddTiles(in AttentionSpan span, int first, int count, int window)
    {
        int position = span.FirstPosition + first;
        int lowest = window == 0 ? 0 : Math.Max(0, position - window + 1);
        int firstPiece = lowest / Attention.PieceTokens;
        int pieces = ((position + count - 1) / Attention.PieceTokens) - firstPiece + 1;
        for (int head = 0; head < cache.KvHeads; head++)
            _tiles.Add(new Tile(span, first, count, head, firstPiece, pieces, -1));
        return (long)pieces * cache.KvHeads;
    }

    /// <summary>Returns how many floats the tile needs.</summary>
    private long AddItems(int index, int target, long memory)
    {
        Tile tile = _tiles[index];
        long floats = tile.Pieces * PieceFloatsOf(tile.Count);
        if (threads == 1 || tile.Pieces <= target || memory + floats > PieceFloatsMax)
        {
            _items.Add(new Item(index, 0, tile.Pieces));
            return 0;
        }

        _tiles[index] = tile with { Memory = memory };
        _open[index] = 0;
        for (int first = 0; first < tile.Pieces; first += target)
        {
            _items.Add(new Item(index, first, Math.Min(target, tile.Pieces - first)));
            _open[index]++;
        }

        return floats;
    }

    /// <summary>Whole cache lines, so that vectors are aligned and items write to lines of their own.</summary>
    private long PieceFloatsOf(int tokens) => (((long)tokens * ratio * (cache.HeadDim + 2)) + 15) / 16 * 16;
}
