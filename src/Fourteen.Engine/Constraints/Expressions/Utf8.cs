namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>How far a character of UTF-8 has come (the Unicode Standard, table 3-7).</summary>
internal enum Utf8Progress : byte
{
    Complete,
    Invalid,
    OneMore,
    TwoMore,
    ThreeMore,
    AfterE0,
    AfterEd,
    AfterF0,
    AfterF4,
}

/// <summary>The automaton of valid UTF-8, and sets of characters as expressions over bytes.</summary>
internal static class Utf8
{
    private static readonly (byte Low, byte High, Utf8Progress After)[] Leads =
    [
        (0x00, 0x7f, Utf8Progress.Complete),
        (0xc2, 0xdf, Utf8Progress.OneMore),
        (0xe0, 0xe0, Utf8Progress.AfterE0),
        (0xe1, 0xec, Utf8Progress.TwoMore),
        (0xed, 0xed, Utf8Progress.AfterEd),
        (0xee, 0xef, Utf8Progress.TwoMore),
        (0xf0, 0xf0, Utf8Progress.AfterF0),
        (0xf1, 0xf3, Utf8Progress.ThreeMore),
        (0xf4, 0xf4, Utf8Progress.AfterF4),
    ];

    public static Utf8Progress Next(Utf8Progress progress, byte value)
    {
        if (progress == Utf8Progress.Complete)
        {
            foreach ((byte low, byte high, Utf8Progress after) in Leads)
            {
                if (value >= low && value <= high)
                    return after;
            }

            return Utf8Progress.Invalid;
        }

        (byte least, byte most, Utf8Progress next) = Continuation(progress);
        return value >= least && value <= most ? next : Utf8Progress.Invalid;
    }

    public static void AddFirst(Utf8Progress progress, ByteClasses.Builder classes)
    {
        if (progress == Utf8Progress.Complete)
        {
            foreach ((byte low, byte high, _) in Leads)
                classes.Add(ByteSet.Range(low, high));
            return;
        }

        (byte least, byte most, _) = Continuation(progress);
        classes.Add(ByteSet.Range(least, most));
    }

    /// <summary>The characters of a set, each in UTF-8; surrogates are left out.</summary>
    public static Expression Encode(ExpressionTable table, CodePointSet set)
    {
        var sequences = new List<(byte Low, byte High)[]>();
        foreach ((int low, int high) in set.Without(CodePointSet.Surrogates).Ranges)
            Split(low, high, sequences);
        return FromSequences(table, sequences, at: 0);
    }

    /// <summary>Sequences of byte ranges as a tree; those that begin alike share the beginning.</summary>
    private static Expression FromSequences(ExpressionTable table, List<(byte Low, byte High)[]> sequences, int at)
    {
        // Equal tails (ranges of one length and end) are joined under one set of first bytes.
        var byTail = new Dictionary<Expression, ByteSet>();
        foreach (var group in sequences.GroupBy(sequence => sequence[at]))
        {
            List<(byte, byte)[]> longer = [.. group.Where(sequence => sequence.Length > at + 1)];
            Expression tail = longer.Count == 0 ? table.Empty : FromSequences(table, longer, at + 1);
            ByteSet set = ByteSet.Range(group.Key.Low, group.Key.High);
            byTail[tail] = byTail.TryGetValue(tail, out ByteSet known) ? known | set : set;
        }

        return table.Or([.. byTail.Select(pair => table.Concat(table.Bytes(pair.Value), pair.Key))]);
    }

    /// <summary>Cuts a range where the length or a byte before the last changes, so that each piece is a product of
    /// byte ranges (Ken Thompson's construction, as in Russ Cox's RE2).</summary>
    private static void Split(int low, int high, List<(byte Low, byte High)[]> sequences)
    {
        foreach (int last in (int[])[0x7f, 0x7ff, 0xffff])
        {
            if (low <= last && high > last)
            {
                Split(low, last, sequences);
                Split(last + 1, high, sequences);
                return;
            }
        }

        if (high < 0x80)
        {
            sequences.Add([((byte)low, (byte)high)]);
            return;
        }

        for (int bits = 6; bits <= 18; bits += 6)
        {
            int mask = (1 << bits) - 1;
            if ((low & ~mask) == (high & ~mask))
                break;
            if ((low & mask) != 0)
            {
                Split(low, low | mask, sequences);
                Split((low | mask) + 1, high, sequences);
                return;
            }

            if ((high & mask) != mask)
            {
                Split(low, (high & ~mask) - 1, sequences);
                Split(high & ~mask, high, sequences);
                return;
            }
        }

        Span<byte> first = stackalloc byte[4];
        Span<byte> last4 = stackalloc byte[4];
        int length = new System.Text.Rune(low).EncodeToUtf8(first);
        new System.Text.Rune(high).EncodeToUtf8(last4);
        var ranges = new (byte, byte)[length];
        for (int i = 0; i < length; i++)
            ranges[i] = (first[i], last4[i]);
        sequences.Add(ranges);
    }

    private static (byte Low, byte High, Utf8Progress After) Continuation(Utf8Progress progress) => progress switch
    {
        Utf8Progress.OneMore => (0x80, 0xbf, Utf8Progress.Complete),
        Utf8Progress.TwoMore => (0x80, 0xbf, Utf8Progress.OneMore),
        Utf8Progress.ThreeMore => (0x80, 0xbf, Utf8Progress.TwoMore),
        Utf8Progress.AfterE0 => (0xa0, 0xbf, Utf8Progress.OneMore),
        Utf8Progress.AfterEd => (0x80, 0x9f, Utf8Progress.OneMore),
        Utf8Progress.AfterF0 => (0x90, 0xbf, Utf8Progress.TwoMore),
        Utf8Progress.AfterF4 => (0x80, 0x8f, Utf8Progress.TwoMore),
        _ => (1, 0, Utf8Progress.Invalid),
    };
}
