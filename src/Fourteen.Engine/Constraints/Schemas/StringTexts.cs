using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>The texts of strings between their quotes.</summary>
internal sealed class StringTexts(ExpressionTable table, JsonText text)
{
    public ExpressionTable Table => table;

    public JsonText Text => text;

    /// <summary>These strings alone.</summary>
    public StringCase Among(IEnumerable<string> values) => new(
        [LiteralSet.Compile(table, [.. values.Select(JsonText.Bytes)])], 0, RepeatExpression.Unbounded);

    /// <summary>All other strings.</summary>
    public StringCase Complement(StringCase strings) =>
        new([table.Not(Of(strings))], 0, RepeatExpression.Unbounded);

    /// <summary>All terms and the count of characters together.</summary>
    public Expression Of(StringCase strings)
    {
        if (strings.Min > strings.Max)
            return table.Nothing;
        if (strings.Terms.Count == 0)
            return table.Repeat(text.Character, strings.Min, strings.Max);
        bool isBounded = strings.Min > 0 || strings.Max != RepeatExpression.Unbounded;
        bool isWritten = strings.Terms.Any(term => term is not NotExpression); // Complements hold bytes of any kind.
        return isBounded || !isWritten
            ? All([.. strings.Terms, table.Repeat(text.Canonical, strings.Min, strings.Max)])
            : All(strings.Terms);
    }

    /// <summary>The intersection of sets of texts; nothing where they have none in common.</summary>
    public Expression All(IReadOnlyList<Expression> terms) => EmptinessSearch.Prune(table, table.And([.. terms]));

    public bool Contains(Expression texts, string value)
    {
        foreach (byte next in JsonText.Bytes(value))
            texts = texts.Derive(table, next);
        return texts.IsNullable;
    }
}
