using System.Numerics;

namespace Fourteen.Engine.Tokenizers;

/// <summary>What a token is for; the names are GGUF's token types.</summary>
internal enum TokenKind : byte
{
    /// <summary>No token has this id, or the file calls it unused.</summary>
    Unused,
    Normal,

    /// <summary>A token such as <c>&lt;unk&gt;</c>; treated like a control token.</summary>
    Unknown,
    Control,
    UserDefined,

    /// <summary>A single byte, reached only where no other token fits (SentencePiece's byte fallback).</summary>
    Byte,
}

/// <summary>Id to bytes, and bytes to id for the tokens that text can reach. Immutable after building.</summary>
internal sealed class Vocabulary
{
    private readonly PackedStrings _bytes;
    private readonly TokenKind[] _kinds;
    private readonly int[] _slots;          // open addressing: id + 1, 0 where empty

    /// <param name="bytes">Per id the bytes that the token stands for.</param>
    /// <param name="kinds">Per id its kind.</param>
    /// <param name="reachable">Whether text can be encoded to this id by its bytes.</param>
    internal Vocabulary(PackedStrings bytes, TokenKind[] kinds, bool[] reachable)
    {
        _bytes = bytes;
        _kinds = kinds;
        // At most half full, so that a search ends soon.
        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, kinds.Length * 2L))];
        for (int id = 0; id < kinds.Length; id++)
        {
            // Of two tokens with the same bytes a normal one wins, else the later one, as in the reference tokenizers.
            if (reachable[id])
                Insert(id);
        }
    }

    internal int Count => _kinds.Length;

    internal ReadOnlySpan<byte> Bytes(int id) => _bytes[id];

    internal TokenKind Kind(int id) => _kinds[id];

    /// <summary>The id of these bytes, or -1.</summary>
    internal int Find(ReadOnlySpan<byte> bytes) => _slots[Slot(bytes)] - 1;

    private void Insert(int id)
    {
        int slot = Slot(_bytes[id]);
        int present = _slots[slot] - 1;
        if (present < 0 || _kinds[present] != TokenKind.Normal || _kinds[id] == TokenKind.Normal)
            _slots[slot] = id + 1;
    }

    private int Slot(ReadOnlySpan<byte> bytes)
    {
        int mask = _slots.Length - 1;
        int slot = (int)RandomizedHash.Of(bytes) & mask;
        while (_slots[slot] != 0 && !_bytes[_slots[slot] - 1].SequenceEqual(bytes))
            slot = (slot + 1) & mask;
        return slot;
    }
}
