namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>A set of Unicode code points: sorted ranges that neither touch nor overlap. Immutable.</summary>
internal sealed class CodePointSet
{
    public const int Last = 0x10ffff;

    private CodePointSet((int Low, int High)[] ranges) => Ranges = ranges;

    public static CodePointSet None { get; } = new([]);

    public static CodePointSet All { get; } = new([(0, Last)]);

    public static CodePointSet Surrogates { get; } = new([(0xd800, 0xdfff)]);

    public IReadOnlyList<(int Low, int High)> Ranges { get; }

    public bool IsEmpty => Ranges.Count == 0;

    public static CodePointSet Of(params ReadOnlySpan<int> codePoints)
    {
        var ranges = new List<(int, int)>();
        foreach (int codePoint in codePoints)
            ranges.Add((codePoint, codePoint));
        return From(ranges);
    }

    public static CodePointSet Range(int low, int high) => From([(low, high)]);

    /// <summary>The union of ranges in any order.</summary>
    public static CodePointSet From(List<(int Low, int High)> ranges)
    {
        ranges.Sort();
        var joined = new List<(int Low, int High)>();
        foreach ((int low, int high) in ranges)
        {
            if (joined.Count > 0 && low <= joined[^1].High + 1)
                joined[^1] = (joined[^1].Low, Math.Max(high, joined[^1].High));
            else if (low <= high)
                joined.Add((low, high));
        }

        return new CodePointSet([.. joined]);
    }

    public CodePointSet Or(CodePointSet other) => From([.. Ranges, .. other.Ranges]);

    public CodePointSet Complement()
    {
        var gaps = new List<(int, int)>();
        int next = 0;
        foreach ((int low, int high) in Ranges)
        {
            if (low > next)
                gaps.Add((next, low - 1));
            next = high + 1;
        }

        if (next <= Last)
            gaps.Add((next, Last));
        return new CodePointSet([.. gaps]);
    }

    public CodePointSet And(CodePointSet other) => Complement().Or(other.Complement()).Complement();

    public CodePointSet Without(CodePointSet other) => And(other.Complement());

    public bool Contains(int codePoint)
    {
        foreach ((int low, int high) in Ranges)
        {
            if (codePoint <= high)
                return codePoint >= low;
        }

        return false;
    }
}
