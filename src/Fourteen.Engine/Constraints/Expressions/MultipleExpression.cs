namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>
/// Digits, perhaps with a point, whose value is a multiple of <c>modulus · 10^-places</c>: what counts is the remainder
/// of the digits so far. The syntax of numbers is not its concern; it is intersected with that.
/// </summary>
/// <param name="modulus">1 to 10^6, so that products stay small.</param>
/// <param name="places">How many digits may follow the point before only zeros may; 0 where none may matter.</param>
/// <param name="remainder">Of the digits read, by the modulus.</param>
/// <param name="inFraction">Whether the point was read; then <paramref name="places"/> is what is left.</param>
internal sealed class MultipleExpression(int modulus, int places, int remainder, bool inFraction) : Expression
{
    public override bool IsNullable { get; } = IsMultiple(modulus, places, remainder);
    public override bool MayBeEmpty => true;

    public override Expression Derive(ExpressionTable table, byte first)
    {
        if (first == '.')
            return inFraction ? table.Nothing : Next(table, places, remainder, isFraction: true);
        if (first is < (byte)'0' or > (byte)'9')
            return table.Nothing;
        int digit = first - '0';
        if (inFraction && places == 0)
            return digit == 0 && remainder == 0 ? this : table.Nothing;
        int next = (int)(((remainder * 10L) + digit) % modulus);
        return Next(table, inFraction ? places - 1 : places, next, inFraction);
    }

    public override void AddFirst(ByteClasses.Builder classes)
    {
        classes.Add(ByteSet.Of((byte)'.'));
        for (byte digit = (byte)'0'; digit <= '9'; digit++)
            classes.Add(ByteSet.Of(digit));
    }

    public override bool EqualsShallow(Expression other) =>
        other is MultipleExpression multiple && multiple.Same(modulus, places, remainder, inFraction);

    public override int HashShallow() => HashCode.Combine(modulus, places, remainder, inFraction);

    private static bool IsMultiple(int modulus, int places, int remainder)
    {
        long scaled = remainder;
        for (int i = 0; i < places; i++)
            scaled = scaled * 10 % modulus;
        return scaled == 0;
    }

    private bool Same(int m, int p, int r, bool f) =>
        modulus == m && places == p && remainder == r && inFraction == f;

    private Expression Next(ExpressionTable table, int left, int next, bool isFraction) =>
        isFraction && left == 0 && next != 0
            ? table.Nothing
            : table.Intern(new MultipleExpression(modulus, left, next, isFraction));
}
