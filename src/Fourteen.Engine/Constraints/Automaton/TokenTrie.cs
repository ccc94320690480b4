using System.Buffers.Binary;

namespace Fourteen.Engine.Constraints.Automaton;

/// <summary>
/// The bytes of all tokens as a tree in depth-first order, so that a walk reads memory forwards and a rejected byte
/// skips its subtree. Node 0 is the first byte of the smallest token; there is no root node. Immutable.
/// </summary>
internal sealed class TokenTrie
{
    private const byte NotSafe = byte.MaxValue;

    private readonly List<Node> _building = [];
    // Masks are kept for these lengths: most tokens are short, and some vocabularies have long runs of one character.
    private static readonly byte[] _runs =
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 64, 128, SafeCharacters.RunMax];

    private readonly ulong[][] _safe;

    /// <param name="tokens">Per id its bytes; empty for tokens that text never reaches.</param>
    public TokenTrie(IReadOnlyList<byte[]> tokens)
        : this(tokens, withRest: true)
    {
    }

    private TokenTrie(IReadOnlyList<byte[]> tokens, bool withRest)
    {
        TokenCount = tokens.Count;
        Words = (tokens.Count + 63) / 64;
        _safe = [.. _runs.Select(_ => new ulong[Words])];
        int[] order = Sort(tokens);
        BytesMax = order.Length == 0 ? 0 : order.Max(id => tokens[id].Length);
        Build(tokens, order);
        Nodes = [.. _building];
        _building = [];
        MeasureSafe(tokens, order);
        IEnumerable<byte[]> unsafeTokens = tokens.Select(token => SafeCharacters.Count(token) is null ? token : []);
        Rest = withRest ? new TokenTrie([.. unsafeTokens], withRest: false) : this;
    }

    /// <summary>One byte after its parent's.</summary>
    internal struct Node
    {
        /// <summary>The index after the last node of the subtree.</summary>
        public int End;

        /// <summary>The token that ends here; -1 where none does; below that, -2 - the index in
        /// <see cref="TokenTrie.Twins"/>.</summary>
        public int Token;

        /// <summary>From 1.</summary>
        public ushort Depth;

        public byte Value;

        /// <summary>The most characters of a token in the subtree where all of them are safe; else 255.</summary>
        public byte SafeMost;
    }

    public int TokenCount { get; }

    /// <summary>The tokens that are not safe: all that must be walked where any run of safe characters is accepted.
    /// </summary>
    public TokenTrie Rest { get; }

    /// <summary>How many 64-bit words hold a bit for each token.</summary>
    public int Words { get; }

    public int BytesMax { get; }

    public Node[] Nodes { get; }

    /// <summary>Tokens that have the same bytes.</summary>
    public List<int[]> Twins { get; } = [];

    /// <summary>All tokens of at most so many safe characters, or somewhat fewer, as the second value says.</summary>
    public (ulong[] Tokens, int Run) Safe(int run)
    {
        int at = Array.FindLastIndex(_runs, kept => kept <= run);
        return (_safe[at], _runs[at]);
    }

    private static int[] Sort(IReadOnlyList<byte[]> tokens)
    {
        int[] order = [.. Enumerable.Range(0, tokens.Count).Where(id => tokens[id].Length > 0)];
        ulong[] keys = Array.ConvertAll(order, id => Key(tokens[id]));
        Array.Sort(keys, order);
        for (int start = 0; start < order.Length;)
        {
            int end = start + 1;
            while (end < order.Length && keys[end] == keys[start])
                end++;
            order.AsSpan(start, end - start).Sort((x, y) =>
            {
                int byBytes = tokens[x].AsSpan().SequenceCompareTo(tokens[y]);
                return byBytes != 0 ? byBytes : x.CompareTo(y);
            });
            start = end;
        }

        return order;
    }

    /// <summary>The first eight bytes, so that most comparisons are of numbers.</summary>
    private static ulong Key(byte[] token)
    {
        Span<byte> padded = stackalloc byte[8];
        padded.Clear();
        token.AsSpan(0, Math.Min(8, token.Length)).CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }

    private void Build(IReadOnlyList<byte[]> tokens, int[] order)
    {
        var open = new List<int>(); // The nodes of the token before, by depth.
        byte[] before = [];
        for (int i = 0; i < order.Length; i++)
        {
            byte[] token = tokens[order[i]];
            int common = before.AsSpan().CommonPrefixLength(token);
            if (common == token.Length)
            {
                AddTwin(open[^1], order[i]);
                continue;
            }

            Close(open, common);
            for (int depth = common; depth < token.Length; depth++)
            {
                open.Add(_building.Count);
                _building.Add(new Node { Value = token[depth], Depth = (ushort)(depth + 1), Token = -1 });
            }

            Node last = _building[^1];
            last.Token = order[i];
            _building[^1] = last;
            before = token;
        }

        Close(open, 0);
    }

    private void Close(List<int> open, int depth)
    {
        for (int i = depth; i < open.Count; i++)
        {
            Node node = _building[open[i]];
            node.End = _building.Count;
            _building[open[i]] = node;
        }

        open.RemoveRange(depth, open.Count - depth);
    }

    private void AddTwin(int at, int token)
    {
        Node node = _building[at];
        if (node.Token >= 0)
        {
            Twins.Add([node.Token, token]);
            node.Token = -1 - Twins.Count;
            _building[at] = node;
        }
        else
        {
            Twins[-2 - node.Token] = [.. Twins[-2 - node.Token], token];
        }
    }

    private void MeasureSafe(IReadOnlyList<byte[]> tokens, int[] order)
    {
        byte[] counts = new byte[tokens.Count];
        foreach (int id in order)
        {
            int count = SafeCharacters.Count(tokens[id]) ?? NotSafe;
            counts[id] = count <= SafeCharacters.RunMax ? (byte)count : NotSafe;
            for (int i = 0; i < _runs.Length; i++)
            {
                if (counts[id] <= _runs[i])
                    _safe[i][id >> 6] |= 1UL << (id & 63);
            }
        }

        // Children stand after their parent: from the end, each subtree is complete before its root is reached.
        for (int i = Nodes.Length - 1; i >= 0; i--)
        {
            ref Node node = ref Nodes[i];
            int token = node.Token < -1 ? Twins[-2 - node.Token][0] : node.Token;
            byte most = token >= 0 ? counts[token] : (byte)0;
            for (int child = i + 1; child < node.End; child = Nodes[child].End)
                most = Math.Max(most, Nodes[child].SafeMost);
            node.SafeMost = most;
        }
    }
}
