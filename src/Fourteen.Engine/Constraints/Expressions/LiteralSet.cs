namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>A set of literals as a tree of their bytes.</summary>
internal static class LiteralSet
{
    // Each level is a call; below, the rest of the literals stands side by side.
    private const int LevelsMax = 64;

    public static Expression Compile(ExpressionTable table, List<byte[]> literals)
    {
        literals.Sort(static (x, y) => x.AsSpan().SequenceCompareTo(y));
        return Compile(table, literals, 0, literals.Count, depth: 0, level: 0);
    }

    private static Expression Compile(
        ExpressionTable table, List<byte[]> sorted, int first, int last, int depth, int level)
    {
        if (first == last)
            return table.Nothing;
        if (level == LevelsMax)
        {
            return table.Or(
                [.. Enumerable.Range(first, last - first).Select(i => table.Literal(sorted[i].AsSpan(depth)))]);
        }

        if (sorted[first].AsSpan().SequenceEqual(sorted[last - 1]))
            return table.Literal(sorted[first].AsSpan(depth));
        // Where literals share more than a byte, they share one chain: the tree is as deep as literals differ.
        int common = sorted[first].AsSpan(depth).CommonPrefixLength(sorted[last - 1].AsSpan(depth));
        ReadOnlySpan<byte> shared = sorted[first].AsSpan(depth, common);
        depth += common;
        List<Expression> members = [];
        int from = first;
        while (from < last && sorted[from].Length == depth)
            from++;
        if (from > first)
            members.Add(table.Empty);
        while (from < last)
        {
            int to = from + 1;
            while (to < last && sorted[to][depth] == sorted[from][depth])
                to++;
            members.Add(Compile(table, sorted, from, to, depth, level + 1));
            from = to;
        }

        return table.Concat(table.Literal(shared), table.Or(members));
    }
}
