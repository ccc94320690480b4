using System.Diagnostics.CodeAnalysis;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>
/// Python's dict: keys in order of insertion, compared as Python compares (1, 1.0 and True are one key). Nothing
/// changes it once it is built.
/// </summary>
internal sealed class DictValue : IDeepValue
{
    /// <summary>Up to this many keys are searched in line, which is faster than hashing them.</summary>
    private const int LinearKeys = 8;

    private static readonly object NoneKey = new(); // Dictionary takes no null

    private readonly object?[] _keys;
    private readonly object?[] _values;
    private readonly Dictionary<object, int>? _index;

    private DictValue(object?[] keys, object?[] values, int count, Dictionary<object, int>? index)
    {
        _keys = keys;
        _values = values;
        _index = index;
        Count = count;
        Depth = Math.Max(Deep.Above(values.AsSpan(0, count)), Deep.Above(keys.AsSpan(0, count)));
    }

    public int Count { get; }

    public int Depth { get; }

    public object? KeyAt(int index) => _keys[index];

    public object? ValueAt(int index) => _values[index];

    /// <summary>The value of a key that is text.</summary>
    public bool TryGet(string key, out object? value)
    {
        int found = Find(_keys, Count, _index, key);
        value = found < 0 ? null : _values[found];
        return found >= 0;
    }

    /// <summary>The value of any key; a key that cannot be hashed is a TypeError.</summary>
    public bool TryGet(object? key, out object? value)
    {
        if (key is string text)
            return TryGet(text, out value);
        Hashing.RequireHashable(key);
        int found = Find(_keys, Count, _index, key is MarkupText markup ? markup.Text : key);
        value = found < 0 ? null : _values[found];
        return found >= 0;
    }

    private static int Find(object?[] keys, int count, Dictionary<object, int>? index, object? key)
    {
        if (index is not null)
            return index.TryGetValue(key ?? NoneKey, out int at) ? at : -1;
        if (key is string text)
        {
            for (int i = 0; i < count; i++)
            {
                if (keys[i] is string other && string.Equals(text, other))
                    return i;
            }
        }

        for (int i = 0; i < count; i++)
        {
            if (Hashing.KeysEqual(keys[i], key))
                return i;
        }

        return -1;
    }

    /// <summary>Collects keys and values; a repeated key keeps its place and takes the later value.</summary>
    internal sealed class Builder
    {
        private object?[] _keys;
        private object?[] _values;
        private Dictionary<object, int>? _index;
        private int _count;

        public Builder(int capacity)
        {
            _keys = new object?[capacity];
            _values = new object?[capacity];
        }

        public void Set(object? key, object? value)
        {
            Hashing.RequireHashable(key);
            int found = Find(_keys, _count, _index, key is MarkupText markup ? markup.Text : key);
            if (found >= 0)
            {
                _values[found] = value;
                return;
            }

            if (_count >= TemplateLimits.ListItems)
                throw Raise.Limit($"a dict is limited to {TemplateLimits.ListItems} keys");
            if (_count == _keys.Length)
            {
                int capacity = Math.Max(4, _count * 2);
                Array.Resize(ref _keys, capacity);
                Array.Resize(ref _values, capacity);
            }

            _keys[_count] = key;
            _values[_count] = value;
            AddToIndex(key);
            _count++;
        }

        public void SetAll(DictValue other)
        {
            for (int i = 0; i < other.Count; i++)
                Set(other.KeyAt(i), other.ValueAt(i));
        }

        public DictValue Build() => new(_keys, _values, _count, _index);

        private void AddToIndex(object? key)
        {
            if (_index is null && _count == LinearKeys)
            {
                _index = new Dictionary<object, int>(KeyComparer.Instance);
                for (int i = 0; i < _count; i++)
                    _index.Add(_keys[i] ?? NoneKey, i);
            }

            _index?.Add(key ?? NoneKey, _count);
        }
    }

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        public new bool Equals(object? a, object? b) =>
            ReferenceEquals(a, b) || (a is string s && b is string t ? string.Equals(s, t) : Hashing.KeysEqual(a, b));

        public int GetHashCode([DisallowNull] object key) =>
            ReferenceEquals(key, NoneKey) ? 0 : Hashing.Hash(key);
    }
}
