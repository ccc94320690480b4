using System.Numerics;
using System.Text;
using Fourteen.Engine.Constraints;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>
/// A model that takes any allowed token with the same probability; after some tokens it wants to end and takes those
/// that close what is open.
/// </summary>
internal sealed class RandomModel(ConstraintCompiler compiler, IReadOnlyList<byte[]> tokens)
{
    private const int TokensMax = 4000;

    private readonly ulong[] _mask = new ulong[compiler.MaskWords];
    private readonly List<int> _allowed = [];

    /// <summary>An answer; throws where it comes to no end.</summary>
    public string Answer(CompiledConstraint constraint, Random random, int freeTokens)
    {
        ConstraintMatcher matcher = constraint.CreateMatcher();
        var text = new List<byte>();
        for (int count = 0; count < TokensMax; count++)
        {
            if (matcher.IsComplete || (matcher.CanEnd && (count >= freeTokens || random.Next(8) == 0)))
                return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. text]);
            matcher.FillMask(_mask);
            // What closes a pattern is not known here: now and then, each first byte has the same chance.
            bool isClosing = count >= freeTokens;
            int token = isClosing && random.Next(4) == 0 ? ChooseByFirstByte(random) : Choose(random, isClosing);
            matcher.Accept(token);
            text.AddRange(tokens[token]);
        }

        throw new InvalidOperationException($"no end after {TokensMax} tokens: {Encoding.UTF8.GetString([.. text])}");
    }

    private int Choose(Random random, bool isClosing)
    {
        _allowed.Clear();
        int bestRank = int.MaxValue;
        for (int i = 0; i < _mask.Length; i++)
        {
            for (ulong word = _mask[i]; word != 0; word &= word - 1)
            {
                int id = (i * 64) + BitOperations.TrailingZeroCount(word);
                int rank = isClosing ? Rank(tokens[id]) : 0;
                if (rank < bestRank)
                    _allowed.Clear();
                bestRank = Math.Min(rank, bestRank);
                if (rank == bestRank)
                    _allowed.Add(id);
            }
        }

        return _allowed.Count > 0
            ? _allowed[random.Next(_allowed.Count)]
            : throw new InvalidOperationException("a dead end: no token is allowed");
    }

    private int ChooseByFirstByte(Random random)
    {
        Choose(random, isClosing: false);
        byte[] first = [.. _allowed.Select(id => tokens[id][0]).Distinct()];
        byte chosen = first[random.Next(first.Length)];
        int[] begun = [.. _allowed.Where(id => tokens[id][0] == chosen)];
        return begun[random.Next(begun.Length)];
    }

    private static int Rank(byte[] token) => (char)token[0] switch
    {
        '"' when token.Length == 1 => 0,
        '}' or ']' when token.Length == 1 => 1,
        'n' or 't' or 'f' or (>= '0' and <= '9') => 2,
        ',' or ':' or '-' or '.' or (>= 'a' and <= 'z') => 3,
        '[' when token.Length == 1 => 6,
        '{' when token.Length == 1 => 5,
        ' ' or '\n' or '\t' or '\r' or '\\' => 7,
        _ => 4,
    };
}
