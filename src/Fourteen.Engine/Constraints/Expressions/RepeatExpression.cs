namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>
/// A part that occurs <paramref name="min"/> to <paramref name="max"/> times; <see cref="Unbounded"/> is no limit.
/// </summary>
internal sealed class RepeatExpression(Expression part, int min, int max) : Expression
{
    public const int Unbounded = int.MaxValue;

    public Expression Part { get; } = part;
    public int Min { get; } = min;
    public int Max { get; } = max;
    public override bool IsNullable => Min == 0;
    public override bool IsRegular { get; } = part.IsRegular;
    public override bool MayBeEmpty { get; } = part.MayBeEmpty;
    public override bool IsFinite { get; } = max != Unbounded && part.IsFinite;

    // Where the part may be empty the table has set the least count to 0, and this still holds: what the first
    // occurrence leaves out, a later one may begin with.
    public override Expression Derive(ExpressionTable table, byte first) =>
        table.Concat(Part.Derive(table, first), Rest(table));

    public override void AddFirst(ByteClasses.Builder classes) => Part.AddFirst(classes);

    public override void AddOpenings(ExpressionTable table, Expression after, OpeningList openings)
    {
        if (!IsRegular)
            Part.AddOpenings(table, table.Concat(Rest(table), after), openings);
    }

    public override void AddParts(List<Expression> parts) => parts.Add(Part);

    public override Expression Rebuild(ExpressionTable table, Func<Expression, Expression> replace) =>
        table.Repeat(replace(Part), Min, Max);

    public override bool EqualsShallow(Expression other) =>
        other is RepeatExpression repeat && repeat.Part == Part && repeat.Min == Min && repeat.Max == Max;

    public override int HashShallow() => HashCode.Combine(5, Part.Id, Min, Max);

    private Expression Rest(ExpressionTable table) =>
        table.Repeat(Part, Math.Max(0, Min - 1), Max == Unbounded ? Unbounded : Max - 1);
}
