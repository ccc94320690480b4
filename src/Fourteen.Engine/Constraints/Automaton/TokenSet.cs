using System.Numerics;

namespace Fourteen.Engine.Constraints.Automaton;

/// <summary>Tokens by id: a list where they are few, else a bit for each. Immutable.</summary>
internal class TokenSet
{
    // A list of so many ids takes a quarter of the bits of 151,936 tokens.
    private const int ListedMax = 1024;

    private readonly int[]? _listed;
    private readonly ulong[]? _bits;

    /// <param name="bits">One bit a token; copied.</param>
    public TokenSet(ReadOnlySpan<ulong> bits)
    {
        int count = 0;
        foreach (ulong word in bits)
            count += BitOperations.PopCount(word);
        if (count > ListedMax)
        {
            _bits = bits.ToArray();
            return;
        }

        _listed = new int[count];
        int next = 0;
        for (int i = 0; i < bits.Length; i++)
        {
            for (ulong word = bits[i]; word != 0; word &= word - 1)
                _listed[next++] = (i * 64) + BitOperations.TrailingZeroCount(word);
        }
    }

    public int Bytes => 64 + ((_listed?.Length ?? 0) * sizeof(int)) + ((_bits?.Length ?? 0) * sizeof(ulong));

    /// <summary>Sets the bits of these tokens.</summary>
    public void AddTo(Span<ulong> allowed)
    {
        if (_bits is not null)
        {
            int i = 0;
            for (; i <= _bits.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
                (new Vector<ulong>(_bits, i) | new Vector<ulong>(allowed[i..])).CopyTo(allowed[i..]);
            for (; i < _bits.Length; i++)
                allowed[i] |= _bits[i];
        }

        foreach (int id in _listed ?? [])
            allowed[id >> 6] |= 1UL << (id & 63);
    }
}

/// <summary>
/// The tokens that one state decides alone: those that stay within its rule. Where the rule may end inside a token, the
/// node of the trie is listed, and what the rest of the token may be depends on the rules around. (Telling these apart
/// is the idea of XGrammar's "context-independent" tokens, Dong et al. 2024.)
/// </summary>
/// <param name="bits">One bit a token; copied.</param>
/// <param name="trie">The tokens that were walked.</param>
/// <param name="ends">Indices of its nodes below which tokens go on after the rule has ended.</param>
internal sealed class StateMask(ReadOnlySpan<ulong> bits, TokenTrie trie, int[] ends) : TokenSet(bits)
{
    public TokenTrie Trie { get; } = trie;

    public int[] Ends { get; } = ends;
}
