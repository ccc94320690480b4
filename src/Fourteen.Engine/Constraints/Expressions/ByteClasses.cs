using System.Runtime.InteropServices;

namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>
/// A partition of the bytes into classes that an automaton's state does not tell apart, numbered from 0. Immutable.
/// </summary>
internal sealed class ByteClasses : IEquatable<ByteClasses>
{
    private readonly byte[] _classes; // [256]
    private readonly int _hash;

    private ByteClasses(byte[] classes, int count)
    {
        _classes = classes;
        Count = count;
        var hash = default(HashCode);
        hash.AddBytes(classes);
        _hash = hash.ToHashCode();
    }

    public int Count { get; }

    public int this[byte value] => _classes[value];

    public bool Equals(ByteClasses? other) => other is not null && _classes.AsSpan().SequenceEqual(other._classes);

    public override bool Equals(object? obj) => Equals(obj as ByteClasses);

    public override int GetHashCode() => _hash;

    /// <summary>The coarsest partition that is finer than both.</summary>
    public static ByteClasses Refine(ByteClasses x, ByteClasses y)
    {
        var pairs = new Dictionary<int, byte>();
        byte[] map = new byte[256];
        for (int value = 0; value < 256; value++)
        {
            int pair = (x._classes[value] << 8) | y._classes[value];
            if (!pairs.TryGetValue(pair, out byte number))
                pairs.Add(pair, number = (byte)pairs.Count);
            map[value] = number;
        }

        return new ByteClasses(map, pairs.Count);
    }

    /// <summary>A member of each class.</summary>
    public byte[] Representatives()
    {
        byte[] members = new byte[Count];
        for (int value = 255; value >= 0; value--)
            members[_classes[value]] = (byte)value;
        return members;
    }

    /// <summary>The map from bytes to classes, for loops that cannot afford a call.</summary>
    public byte[] Map => _classes;

    /// <summary>The partition in which each set is a union of classes.</summary>
    private static ByteClasses Split(List<ByteSet> sets)
    {
        // Of each class, the members inside a set move to a new one; numbers left without members vanish at the end.
        short[] map = new short[256];
        int count = 1;
        short[] part = new short[512];
        foreach (ByteSet set in sets)
        {
            part.AsSpan(0, count).Fill(-1);
            for (int value = 0; value < 256; value++)
            {
                if (!set.Contains((byte)value))
                    continue;
                ref short moved = ref part[map[value]];
                if (moved < 0)
                    moved = (short)count++;
                map[value] = moved;
            }

            count = Number(map);
        }

        return new ByteClasses(Array.ConvertAll(map, number => (byte)number), count);
    }

    /// <summary>Numbers the classes in the order of their smallest members, so that equal ones are equal.</summary>
    private static int Number(short[] map)
    {
        Span<short> numbers = stackalloc short[512];
        numbers.Fill(-1);
        int count = 0;
        for (int value = 0; value < 256; value++)
        {
            ref short number = ref numbers[map[value]];
            if (number < 0)
                number = (short)count++;
            map[value] = number;
        }

        return count;
    }

    /// <summary>Collects sets between which a state distinguishes.</summary>
    internal sealed class Builder
    {
        // Below, comparing is faster than hashing.
        private const int ListedMax = 12;

        private readonly List<ByteSet> _sets = [];
        private HashSet<ByteSet>? _seen;

        public void Add(ByteSet set)
        {
            if (_seen is null && _sets.Count >= ListedMax)
                _seen = [.. _sets];
            if (_seen is null ? !_sets.Contains(set) : _seen.Add(set))
                _sets.Add(set);
        }

        public ByteClasses Build() => Split(_sets);

        /// <summary>The same, from a table where these sets stood before.</summary>
        public ByteClasses Build(Dictionary<SetList, ByteClasses> known)
        {
            var key = new SetList(_sets);
            if (!known.TryGetValue(key, out ByteClasses? classes))
                known.Add(key, classes = Split(_sets));
            return classes;
        }
    }

    /// <summary>Sets in order, as a key.</summary>
    internal readonly struct SetList(List<ByteSet> sets) : IEquatable<SetList>
    {
        private readonly List<ByteSet> _sets = sets;

        public bool Equals(SetList other) =>
            CollectionsMarshal.AsSpan(_sets).SequenceEqual(CollectionsMarshal.AsSpan(other._sets));

        public override bool Equals(object? obj) => obj is SetList other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            foreach (ByteSet set in _sets)
                hash.Add(set);
            return hash.ToHashCode();
        }
    }
}
