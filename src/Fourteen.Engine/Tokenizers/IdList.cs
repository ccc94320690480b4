namespace Fourteen.Engine.Tokenizers;

/// <summary>A growing list of token ids that hands out its array as a span. One owner.</summary>
internal sealed class IdList
{
    private int[] _ids = new int[1024];

    internal int Count { get; private set; }

    internal int Capacity => _ids.Length;

    internal ReadOnlySpan<int> Span => _ids.AsSpan(0, Count);

    internal void Clear() => Count = 0;

    internal void Add(int id) => Append(1)[0] = id;

    internal void Add(ReadOnlySpan<int> ids) => ids.CopyTo(Append(ids.Length));

    /// <summary>Room for so many more ids, which the caller fills.</summary>
    private Span<int> Append(int count)
    {
        if (Count + count > _ids.Length)
            Array.Resize(ref _ids, Math.Max(Count + count, _ids.Length * 2));
        Span<int> room = _ids.AsSpan(Count, count);
        Count += count;
        return room;
    }
}
