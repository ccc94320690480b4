using System.Text;
using System.Text.Json;

namespace Fourteen.Testing;

/// <summary>
/// Makes wrong JSON documents out of a right one by editing its text, so that it can make what no tree of JSON holds:
/// keys that occur twice, numbers beyond every type, half surrogate pairs, nesting without end. Values change their
/// type, are removed, doubled, swapped and wrapped, keys are renamed, and now and then bytes are broken. The same
/// random numbers make the same document.
/// </summary>
public sealed class JsonMutator
{
    private const int MutationsMax = 3;

    private static readonly byte[][] Literals =
    [
        .. ((string[])
        [
            "null", "true", "false", "0", "-1", "-0", "1.5", "2147483647", "2147483648", "4294967296", "1048575",
            "16777216", "9007199254740993", "9223372036854775807", "9223372036854775808", "1e400", "-1e400", "1e-400",
            "1e18", "NaN", "01", "\"\"", "\"x\"", "\"a b\"", "\"\\u0000\"", "\"\\u001b[31m\\n\"", "\"\\ud800\"",
            "\"\\udc00x\"", "\"\\ud83d\\ude00\"", "\"é\u2028\"", "\"\\u0120\"", "\"0\"", "\"../x\"", "\"\\q\"", "[]",
            "{}", "[[]]", "[null]", "[0]", "[1,2]", "{\"type\":\"Sequence\"}", "{\"a\":1,\"a\":2}", "[", "}", "//",
            "\"Sequence\"", "\"BPE\"", "\"F16\"", "\"\uffff\"",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly int[] Depths = [1, 2, 5, 30, 33, 63, 65, 130, 1000, 100_000];

    private readonly byte[] _text;
    private readonly Node _root;

    /// <param name="json">A valid document in UTF-8.</param>
    public JsonMutator(byte[] json)
    {
        _text = json;
        _root = Scan(json);
    }

    /// <summary>A changed document, which may be valid, wrong or no JSON.</summary>
    public byte[] Next(Random random)
    {
        List<Edit> edits = [];
        for (int count = random.Next(1, MutationsMax + 1); count > 0; count--)
            edits.AddRange(Mutate(Pick(random), random));
        byte[] bytes = Apply(edits);
        return random.Next(8) == 0 ? ByteMutator.Break(bytes, random) : bytes;
    }

    /// <summary>Walks down at random, so that the few values near the root are hit as often as the many at the leaves.
    /// </summary>
    private Node Pick(Random random)
    {
        Node node = _root;
        while (node.Children.Count > 0 && (node == _root ? random.Next(40) : random.Next(4)) != 0)
            node = node.Children[random.Next(node.Children.Count)];
        return node;
    }

    private Edit[] Mutate(Node node, Random random)
    {
        switch (random.Next(12))
        {
            case 0 or 1 or 2:
                return [new Edit(node.Start, node.End, Value(random))];
            case 3:
                return [new Edit(node.Start, node.End, Text(Pick(random)))];
            case 4 or 5:
                return [new Edit(node.Start, node.End, Tweak(Text(node), random))];
            case 6 or 7 when node.Parent is not null:
                return [Removal(node)];
            case 8 when node.Parent is not null:
                int times = random.Next(20) == 0 ? random.Next(300) : 1;
                return [new Edit(node.First, node.First, Repeat([.. _text[node.First..node.End], (byte)','], times))];
            case 9 when node.IsMember:
                Node other = Pick(random);
                byte[] key = other.IsMember && random.Next(2) == 0 ? _text[other.First..other.KeyEnd] : Key(random);
                return [new Edit(node.First, node.KeyEnd, key)];
            case 10:
                return [Insertion(node, random)];
            default:
                int depth = Depths[random.Next(Depths.Length)];
                string open = node.IsMember && random.Next(2) == 0 ? "{\"a\":" : "[";
                byte[] close = Repeat([open == "[" ? (byte)']' : (byte)'}'], depth);
                byte[] wrapped = [.. Repeat(Encoding.UTF8.GetBytes(open), depth), .. Text(node), .. close];
                return [new Edit(node.Start, node.End, wrapped)];
        }
    }

    private byte[] Text(Node node) => _text[node.Start..node.End];

    private static byte[] Value(Random random) => random.Next(40) switch
    {
        0 => Encoding.UTF8.GetBytes($"\"{new string('x', random.Next(70_000))}\""),
        1 => Encoding.UTF8.GetBytes(new string('9', random.Next(1, 5000))),
        2 => Encoding.UTF8.GetBytes($"\"{string.Concat(Enumerable.Repeat("\\u00e9", random.Next(2000)))}\""),
        _ => Literals[random.Next(Literals.Length)],
    };

    private static byte[] Key(Random random)
    {
        byte[] value = Value(random);
        return value[0] == (byte)'"' ? value : [(byte)'"', .. value, (byte)'"'];
    }

    /// <summary>A number near the number, a text near the text, a shorter or doubled list.</summary>
    private static byte[] Tweak(byte[] text, Random random)
    {
        if (long.TryParse(text, out long number))
        {
            long changed = unchecked((long)ByteMutator.Number((ulong)number, text.Length, random));
            return Encoding.UTF8.GetBytes(random.Next(6) == 0 ? $"{changed}.0" : $"{changed}");
        }

        if (text.Length > 2 && text[0] == (byte)'"')
        {
            int at = random.Next(1, text.Length - 1);
            byte[] put = Key(random)[1..^1];
            return random.Next(3) switch
            {
                0 => [.. text[..at], .. text[(at + 1)..]],
                1 => [.. text[..at], .. put, .. text[at..]],
                _ => [.. text[..at], .. text[1..]],
            };
        }

        bool isList = text.Length > 2 && text[0] is (byte)'[' or (byte)'{';
        return isList && random.Next(2) == 0 ? [.. text[..^1], (byte)',', .. text[1..]] : [.. text, .. text];
    }

    /// <summary>Without the comma that would be left over.</summary>
    private static Edit Removal(Node node)
    {
        List<Node> siblings = node.Parent!.Children; // The caller has checked that there is one.
        int index = siblings.IndexOf(node);
        if (index + 1 < siblings.Count)
            return new Edit(node.First, siblings[index + 1].First, []);
        return new Edit(index > 0 ? siblings[index - 1].End : node.First, node.End, []);
    }

    private Edit Insertion(Node node, Random random)
    {
        byte[] value = random.Next(2) == 0 ? Text(Pick(random)) : Value(random);
        byte[] comma = [(byte)','];
        return node.IsMember
            ? new Edit(node.First, node.First, [.. Key(random), (byte)':', .. value, .. comma])
            : new Edit(node.First, node.First, [.. value, .. comma]);
    }

    private static byte[] Repeat(byte[] bytes, int times)
    {
        byte[] repeated = new byte[bytes.Length * times];
        for (int i = 0; i < times; i++)
            bytes.CopyTo(repeated, i * bytes.Length);
        return repeated;
    }

    /// <summary>Of edits that overlap the first one counts.</summary>
    private byte[] Apply(List<Edit> edits)
    {
        List<Edit> kept = [];
        foreach (Edit edit in edits)
        {
            if (kept.TrueForAll(other => edit.End <= other.Start || edit.Start >= other.End))
                kept.Add(edit);
        }

        var bytes = new MemoryStream();
        int position = 0;
        foreach (Edit edit in kept.OrderBy(edit => edit.Start).ThenBy(edit => edit.End))
        {
            bytes.Write(_text.AsSpan(position, edit.Start - position));
            bytes.Write(edit.Replacement);
            position = edit.End;
        }

        bytes.Write(_text.AsSpan(position));
        return bytes.ToArray();
    }

    private static Node Scan(byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        Node? root = null, parent = null;
        int first = -1, keyEnd = -1;
        while (reader.Read())
        {
            int start = (int)reader.TokenStartIndex, end = (int)reader.BytesConsumed;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    // The reader consumes the colon with the name.
                    (first, keyEnd) = (start, start + reader.ValueSpan.Length + 2);
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    parent!.End = end; // What ends has begun.
                    parent = parent.Parent;
                    continue;
            }

            var node = new Node { Parent = parent, First = first < 0 ? start : first, KeyEnd = keyEnd, Start = start };
            node.End = end;
            parent?.Children.Add(node);
            root ??= node;
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                parent = node;
            (first, keyEnd) = (-1, -1);
        }

        return root ?? throw new ArgumentException("the document is empty", nameof(json));
    }

    private readonly record struct Edit(int Start, int End, byte[] Replacement);

    /// <summary>A value in the text: [Start, End); with its key, where it has one, [First, End).</summary>
    private sealed class Node
    {
        public required Node? Parent { get; init; }
        public required int First { get; init; }
        public required int KeyEnd { get; init; }
        public required int Start { get; init; }
        public int End { get; set; }
        public List<Node> Children { get; } = [];
        public bool IsMember => KeyEnd >= 0;
    }
}
