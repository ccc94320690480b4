using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Automaton;

/// <summary>
/// Most tokens are made of characters that nearly every string and every free text accepts. Where a state accepts any
/// run of them, their tokens need no walk: the mask of all tokens up to that length is copied. (The idea of slicing the
/// vocabulary is llguidance's.) Not safe are control characters, quotes, backslashes, angle brackets, with which
/// triggers end, and the block of U+2028, which a dot in a pattern leaves out.
/// </summary>
internal static class SafeCharacters
{
    /// <summary>The longest run that is looked at, in characters; longer tokens are walked.</summary>
    public const int RunMax = 254;

    private static readonly ByteSet SafeAscii = Without("\"\\<>");

    // U+2000 to U+203F.
    private static readonly byte[] _lineBreaks = [0xe2, 0x80];

    /// <summary>The number of characters where a token is whole characters and all of them safe; else null.</summary>
    public static int? Count(ReadOnlySpan<byte> token)
    {
        var progress = Utf8Progress.Complete;
        int count = 0;
        if (token.IndexOf(_lineBreaks) >= 0)
            return null;
        foreach (byte value in token)
        {
            if (value < 0x80 && !SafeAscii.Contains(value))
                return null;
            progress = Utf8.Next(progress, value);
            if (progress == Utf8Progress.Invalid)
                return null;
            if (progress == Utf8Progress.Complete)
                count++;
        }

        return progress == Utf8Progress.Complete ? count : null;
    }

    /// <summary>How many safe characters may follow, at most <see cref="RunMax"/>; 0 where that is not known.</summary>
    public static int RunOf(Expression expression, ExpressionTable table)
    {
        switch (expression)
        {
            case RepeatExpression repeat:
                return CoversSafe(repeat.Part, table) ? Math.Min(repeat.Max, RunMax) : 0;
            case ConcatExpression pair:
                return RunOf(pair.Head, table);
            case OrExpression union:
                return union.Members.Max(member => RunOf(member, table));
            case AndExpression both:
                // Without end, but for finitely many texts: that always goes on.
                bool goesOn = Array.TrueForAll(
                    both.Members,
                    member => member is NotExpression { Part.IsFinite: true }
                        || (member is RepeatExpression { Max: RepeatExpression.Unbounded } repeat
                            && CoversSafe(repeat.Part, table)));
                return goesOn && Array.Exists(both.Members, member => member is RepeatExpression) ? RunMax : 0;
            case TextExpression text:
                return text.AcceptsSafeRuns(SafeAscii) ? RunMax : 0;
            default:
                return 0;
        }
    }

    /// <summary>Whether an expression accepts each safe character alone.</summary>
    private static bool CoversSafe(Expression part, ExpressionTable table)
    {
        if (!part.IsRegular)
            return false;
        part.CoversSafe ??= Covers(part, Utf8Progress.Complete, 0, table, []);
        return part.CoversSafe.Value;
    }

    private static bool Covers(
        Expression rest, Utf8Progress progress, byte last, ExpressionTable table,
        HashSet<(Expression, Utf8Progress, bool)> seen)
    {
        bool isBroken = last == _lineBreaks[0];
        if (!seen.Add((rest, progress, isBroken)))
            return true;
        var classes = new ByteClasses.Builder();
        rest.AddFirst(classes);
        Utf8.AddFirst(progress, classes);
        classes.Add(SafeAscii);
        classes.Add(ByteSet.Of(_lineBreaks[0]));
        classes.Add(ByteSet.Of(_lineBreaks[1]));
        foreach (byte value in classes.Build().Representatives())
        {
            Utf8Progress after = Utf8.Next(progress, value);
            bool isUnsafe = value < 0x80 ? !SafeAscii.Contains(value) : isBroken && value == _lineBreaks[1];
            if (after == Utf8Progress.Invalid || isUnsafe)
                continue;
            Expression derived = rest.Derive(table, value);
            if (after == Utf8Progress.Complete ? !derived.IsNullable : !Covers(derived, after, value, table, seen))
                return false;
        }

        return true;
    }

    private static ByteSet Without(string excluded)
    {
        var set = default(ByteSet);
        for (char value = ' '; value < '\u007f'; value++)
        {
            if (!excluded.Contains(value, StringComparison.Ordinal))
                set |= ByteSet.Of((byte)value);
        }

        return set;
    }
}
