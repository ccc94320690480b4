using System.Runtime.CompilerServices;

namespace Fourteen.Engine.Constraints.Automaton;

/// <summary>
/// Finds the tokens that may follow. Owned by one matcher at a time (its buffers are reused); what it finds is kept at
/// the states and configurations, for all.
/// </summary>
internal sealed class MaskBuilder(TokenTrie trie)
{
    private readonly Configuration[] _path = new Configuration[trie.BytesMax + 1];
    private readonly ulong[] _bits = new ulong[trie.Words];
    private readonly List<int> _ends = [];

    /// <summary>Sets the bits of the tokens that may follow; all others were cleared by the caller.</summary>
    public void Fill(Configuration configuration, Span<ulong> allowed)
    {
        if (configuration.Mask is { } kept)
        {
            kept.AddTo(allowed);
            return;
        }

        StateSpace space = configuration.Space;
        foreach (Reading reading in configuration.Readings)
        {
            foreach ((int token, _) in reading.State.Tokens)
                allowed[token >> 6] |= 1UL << (token & 63);
            StateMask mask = MaskOf(reading.State);
            mask.AddTo(allowed);
            if (mask.Ends.Length == 0 || reading.Open is null)
                continue;
            Configuration after = space.Return(reading.Open);
            foreach (int end in mask.Ends)
            {
                TokenTrie.Node[] nodes = mask.Trie.Nodes;
                _path[nodes[end].Depth] = after;
                Walk(mask.Trie, end + 1, nodes[end].End, allowed, safeRun: 0, ends: null);
            }
        }

        var found = new TokenSet(allowed[..trie.Words]);
        configuration.Mask = found;
        space.CountMask(found.Bytes);
    }

    private StateMask MaskOf(GrammarState state)
    {
        if (state.Mask is { } known)
            return known;
        _ends.Clear();
        (ulong[] safe, int run) = trie.Safe(state.Space.SafeRun(state.Expression));
        safe.CopyTo(_bits, 0);
        _path[0] = state.Space.Alone(state);
        TokenTrie walked = run == SafeCharacters.RunMax ? trie.Rest : trie;
        Walk(walked, first: 0, walked.Nodes.Length, _bits, run, _ends);
        var mask = new StateMask(_bits, walked, [.. _ends]);
        state.Mask = mask;
        state.Space.CountMask(mask.Bytes);
        return mask;
    }

    /// <summary>
    /// Walks nodes of the trie whose parents' configurations stand in <see cref="_path"/> and sets the tokens' bits.
    /// </summary>
    /// <param name="safeRun">Subtrees of at most so many safe characters are set already.</param>
    /// <param name="ends">Collects the nodes where the outermost rule may end and tokens go on; null for none.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk(TokenTrie walked, int first, int last, Span<ulong> allowed, int safeRun, List<int>? ends)
    {
        TokenTrie.Node[] nodes = walked.Nodes;
        Configuration[] path = _path;
        for (int i = first; i < last;)
        {
            ref readonly TokenTrie.Node node = ref nodes[i];
            if (node.SafeMost <= safeRun)
            {
                i = node.End;
                continue;
            }

            Configuration after = path[node.Depth - 1].Step(node.Value);
            if (after.IsDead)
            {
                i = node.End;
                continue;
            }

            if (node.Token >= 0)
                allowed[node.Token >> 6] |= 1UL << (node.Token & 63);
            else if (node.Token < -1)
                Set(walked.Twins[-2 - node.Token], allowed);
            bool goesOn = node.End > i + 1;
            if (goesOn && after.CanEnd)
                ends?.Add(i);
            path[node.Depth] = after;
            i = goesOn && after.Readings.Length > 0 ? i + 1 : node.End;
        }
    }

    private static void Set(int[] tokens, Span<ulong> allowed)
    {
        foreach (int token in tokens)
            allowed[token >> 6] |= 1UL << (token & 63);
    }
}
