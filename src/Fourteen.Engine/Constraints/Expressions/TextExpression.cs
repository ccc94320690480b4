namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>A literal that ends or must not occur in free text, with the failure function of Knuth, Morris and Pratt.
/// </summary>
internal sealed class TextTrigger
{
    private readonly byte[] _bytes;
    private readonly int[] _failure;

    /// <param name="bytes">UTF-8; empty where nothing is sought.</param>
    /// <param name="ends">Whether the text ends with the literal; else it must not contain it.</param>
    public TextTrigger(byte[] bytes, bool ends)
    {
        _bytes = bytes;
        Ends = ends;
        _failure = new int[bytes.Length + 1];
        for (int i = 1, matched = 0; i < bytes.Length; i++)
        {
            while (matched > 0 && bytes[i] != bytes[matched])
                matched = _failure[matched];
            matched = bytes[i] == bytes[matched] ? matched + 1 : 0;
            _failure[i + 1] = matched;
        }
    }

    public bool Ends { get; }

    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>How much of the literal stands at the end of the text after one more byte; -1 when all does.</summary>
    public int Next(int matched, byte value)
    {
        if (_bytes.Length == 0)
            return 0;
        while (matched > 0 && value != _bytes[matched])
            matched = _failure[matched];
        if (value == _bytes[matched])
            matched++;
        return matched == _bytes.Length ? -1 : matched;
    }
}

/// <summary>Valid UTF-8 that ends with a literal when it first occurs, or in which it does not occur.</summary>
internal sealed class TextExpression(TextTrigger trigger, int matched, Utf8Progress progress) : Expression
{
    public override bool IsNullable { get; } = !trigger.Ends && progress == Utf8Progress.Complete;

    public override Expression Derive(ExpressionTable table, byte first)
    {
        Utf8Progress after = Utf8.Next(progress, first);
        if (after == Utf8Progress.Invalid)
            return table.Nothing;
        int next = trigger.Next(matched, first);
        if (next < 0)
            return trigger.Ends ? table.Empty : table.Nothing;
        return table.Intern(new TextExpression(trigger, next, after));
    }

    public override void AddFirst(ByteClasses.Builder classes)
    {
        Utf8.AddFirst(progress, classes);
        foreach (byte value in trigger.Bytes)
            classes.Add(ByteSet.Of(value));
    }

    /// <summary>Whether characters of a set, or beyond ASCII, neither complete nor end the text.</summary>
    public bool AcceptsSafeRuns(ByteSet safe) =>
        progress == Utf8Progress.Complete
        && (trigger.Bytes.Length == 0 || (trigger.Bytes[^1] < 0x80 && !safe.Contains(trigger.Bytes[^1])));

    public override bool EqualsShallow(Expression other) =>
        other is TextExpression text && text.Same(trigger, matched, progress);

    public override int HashShallow() => HashCode.Combine(7, matched, progress);

    private bool Same(TextTrigger otherTrigger, int otherMatched, Utf8Progress otherProgress) =>
        trigger == otherTrigger && matched == otherMatched && progress == otherProgress;
}
