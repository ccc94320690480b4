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

    /// <summary>A member of each class.</summary>
    public byte[] Representatives()
    {
        byte[] members = new byte[Count];
        for (int value = 255; value >= 0; value--)
            members[_classes[value]] = (byte)value;
        return members;
    }

    /// <summary>Splits classes until each set that was added is a union of them.</summary>
    internal sealed class Builder
    {
        private readonly short[] _map = new short[256];
        private readonly HashSet<ByteSet> _seen = [];
        private readonly short[] _split = new short[257];
        private int _count = 1;

        public void Add(ByteSet set)
        {
            if (_count == 256 || !_seen.Add(set))
                return;
            _split.AsSpan(0, _count).Fill(-1);
            for (int value = 0; value < 256; value++)
            {
                if (!set.Contains((byte)value))
                    continue;
                ref short part = ref _split[_map[value]];
                if (part < 0)
                    part = (short)_count++;
                _map[value] = part;
            }

            Number();
        }

        public void Add(ByteClasses classes)
        {
            // A pair of class numbers is a class of the common refinement.
            var pairs = new Dictionary<int, short>();
            for (int value = 0; value < 256; value++)
            {
                int pair = (_map[value] << 8) | classes._classes[value];
                if (!pairs.TryGetValue(pair, out short number))
                    pairs.Add(pair, number = (short)pairs.Count);
                _map[value] = number;
            }

            _count = pairs.Count;
        }

        public ByteClasses Build()
        {
            Number();
            return new ByteClasses(Array.ConvertAll(_map, number => (byte)number), _count);
        }

        /// <summary>Numbers the classes in the order of their smallest members, so that equal ones are equal.</summary>
        private void Number()
        {
            Span<short> numbers = stackalloc short[513];
            numbers.Fill(-1);
            int count = 0;
            for (int value = 0; value < 256; value++)
            {
                ref short number = ref numbers[_map[value]];
                if (number < 0)
                    number = (short)count++;
                _map[value] = number;
            }

            _count = count;
        }
    }
}
