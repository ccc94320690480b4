using System.Numerics;
using System.Runtime.CompilerServices;

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
    private readonly Slot[] _slots;   // open addressing

    /// <param name="bytes">Per id the bytes that the token stands for.</param>
    /// <param name="kinds">Per id its kind.</param>
    /// <param name="reachable">Whether text can be encoded to this id by its bytes.</param>
    internal Vocabulary(PackedStrings bytes, TokenKind[] kinds, bool[] reachable)
    {
        _bytes = bytes;
        _kinds = kinds;
        // At most half full, so that a search ends soon.
        _slots = new Slot[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, kinds.Length * 2L))];
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal int Find(ReadOnlySpan<byte> bytes) => _slots[SlotOf(bytes, RandomizedHash.Of(bytes))].IdPlusOne - 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Insert(int id)
    {
        ReadOnlySpan<byte> bytes = _bytes[id];
        uint hash = RandomizedHash.Of(bytes);
        ref Slot slot = ref _slots[SlotOf(bytes, hash)];
        int present = slot.IdPlusOne - 1;
        if (present < 0 || _kinds[present] != TokenKind.Normal || _kinds[id] == TokenKind.Normal)
            slot = new Slot(hash, id + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int SlotOf(ReadOnlySpan<byte> bytes, uint hash)
    {
        Slot[] slots = _slots;
        int at = (int)hash & (slots.Length - 1);
        while (true)
        {
            Slot slot = slots[at];
            if (slot.IdPlusOne == 0 || (slot.Hash == hash && _bytes[slot.IdPlusOne - 1].SequenceEqual(bytes)))
                return at;
            at = (at + 1) & (slots.Length - 1);
        }
    }

    private readonly record struct Slot(uint Hash, int IdPlusOne);
}
