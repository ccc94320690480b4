using System.Runtime.CompilerServices;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Byte strings by index, one after the other in one array: a vocabulary of 150,000 tokens is two arrays instead of
/// 150,000 objects. An index that was never set holds the empty string.
/// </summary>
internal sealed class PackedStrings
{
    /// <summary>
    /// All strings together: far above any vocabulary (the largest have some 5 MB), far below what int counts.
    /// </summary>
    internal const int BytesMax = 1 << 30;

    private byte[] _bytes = [];
    private Place[] _places = [];
    private int _bytesUsed;

    /// <summary>One more than the highest index.</summary>
    internal int Count { get; private set; }

    internal ReadOnlySpan<byte> this[int index]
    {
        get
        {
            Place place = _places[index];
            return new ReadOnlySpan<byte>(_bytes, place.Start, place.Length);
        }
    }

    internal bool IsSet(int index) => (uint)index < (uint)Count && _places[index].IsSet;

    internal void Add(ReadOnlySpan<byte> value) => Set(Count, value);

    /// <summary>Sets or replaces a string. The caller has checked the index against a limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Set(int index, ReadOnlySpan<byte> value)
    {
        if (index >= _places.Length)
            Array.Resize(ref _places, Math.Max(index + 1, Math.Max(256, _places.Length * 2)));

        if ((long)_bytesUsed + value.Length > BytesMax)
            throw new InvalidDataException($"the strings of one vocabulary may have {BytesMax} bytes together");
        if (_bytesUsed + value.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytesUsed + value.Length, Math.Max(4096, _bytes.Length * 2)));

        value.CopyTo(_bytes.AsSpan(_bytesUsed));
        _places[index] = new Place(_bytesUsed, value.Length + 1);
        _bytesUsed += value.Length;
        Count = Math.Max(Count, index + 1);
    }

    // The length is stored plus one: 0 where the index was never set.
    private readonly record struct Place(int Start, int LengthPlusOne)
    {
        internal bool IsSet => LengthPlusOne != 0;

        internal int Length => Math.Max(0, LengthPlusOne - 1);
    }
}
