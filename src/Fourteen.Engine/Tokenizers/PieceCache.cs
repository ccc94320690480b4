namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Remembers the ids of short pieces, since a text repeats its words. One place a hash value, a newer piece replaces
/// the older; when the storage is full everything is forgotten. So memory and time a look-up are bounded, whatever the
/// text. One owner.
/// </summary>
internal sealed class PieceCache
{
    /// <summary>Longer pieces are rare and seldom repeat.</summary>
    internal const int PieceBytesMax = 64;

    private const int SlotCount = 1 << 14;       // a megabyte of prose has some 15,000 different words
    private const int BytesMax = 1 << 18;
    private const int IdsMax = 1 << 16;

    private readonly Slot[] _slots = new Slot[SlotCount];
    private readonly byte[] _bytes = new byte[BytesMax];
    private readonly int[] _ids = new int[IdsMax];
    private int _bytesUsed;
    private int _idsUsed;

    /// <summary>Whether the piece is known. <paramref name="hash"/> is for <see cref="Add"/>.</summary>
    internal bool TryFind(ReadOnlySpan<byte> piece, out ReadOnlySpan<int> ids, out uint hash)
    {
        hash = RandomizedHash.Of(piece);
        ref readonly Slot slot = ref _slots[hash % SlotCount];
        bool found = slot.Hash == hash && slot.Length == piece.Length
            && _bytes.AsSpan(slot.Start, slot.Length).SequenceEqual(piece);
        ids = found ? _ids.AsSpan(slot.IdsStart, slot.IdsCount) : default;
        return found;
    }

    internal void Add(ReadOnlySpan<byte> piece, uint hash, ReadOnlySpan<int> ids)
    {
        if (_bytesUsed + piece.Length > BytesMax || _idsUsed + ids.Length > IdsMax)
        {
            Array.Clear(_slots);
            _bytesUsed = 0;
            _idsUsed = 0;
        }

        piece.CopyTo(_bytes.AsSpan(_bytesUsed));
        ids.CopyTo(_ids.AsSpan(_idsUsed));
        _slots[hash % SlotCount] = new Slot(hash, _bytesUsed, piece.Length, _idsUsed, ids.Length);
        _bytesUsed += piece.Length;
        _idsUsed += ids.Length;
    }

    // A slot never written has length 0, which no piece has.
    private readonly record struct Slot(uint Hash, int Start, int Length, int IdsStart, int IdsCount);
}
