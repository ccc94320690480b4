using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Patterns;

/// <summary>
/// A pattern as an expression, with characters in the encoding of the caller: plain UTF-8, or as they stand in a JSON
/// string. An anchor is a demand on what stands before or after; each part is up to four sets of texts, by what they
/// demand.
/// </summary>
internal sealed class PatternCompiler(ExpressionTable table, Func<CodePointSet, Expression> encode)
{
    private readonly Dictionary<CodePointSet, Expression> _encoded = [];

    /// <summary>The texts that the pattern matches as a whole.</summary>
    public Expression CompileWhole(PatternNode pattern)
    {
        Demands texts = Compile(pattern);
        return table.Or([texts.None, texts.Start, texts.End, texts.Both]);
    }

    /// <summary>The texts that have a match somewhere.</summary>
    public Expression CompileSearch(PatternNode pattern)
    {
        Demands texts = Compile(pattern);
        Expression any = table.Star(Encode(CodePointSet.All));
        return table.Or(
        [
            table.Concat(any, texts.None, any),
            table.Concat(texts.Start, any),
            table.Concat(any, texts.End),
            texts.Both,
        ]);
    }

    private Expression Encode(CodePointSet set)
    {
        if (!_encoded.TryGetValue(set, out Expression? expression))
            _encoded.Add(set, expression = encode(set));
        return expression;
    }

    private Demands Compile(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.Characters characters:
                return Plain(Encode(characters.Set));
            case PatternNode.Anchor anchor:
                return Plain(table.Nothing) with
                {
                    Start = anchor.IsEnd ? table.Nothing : table.Empty,
                    End = anchor.IsEnd ? table.Empty : table.Nothing,
                };
            case PatternNode.Sequence sequence:
                Demands all = Plain(table.Empty);
                for (int i = sequence.Parts.Count - 1; i >= 0; i--)
                    all = Join(Compile(sequence.Parts[i]), all);
                return all;
            case PatternNode.Choice choice:
                Demands[] members = [.. choice.Members.Select(Compile)];
                return new Demands(
                    table.Or([.. members.Select(member => member.None)]),
                    table.Or([.. members.Select(member => member.Start)]),
                    table.Or([.. members.Select(member => member.End)]),
                    table.Or([.. members.Select(member => member.Both)]));
            case PatternNode.Repeat repeat:
                return Repeat(Compile(repeat.Part), repeat.Min, repeat.Max);
            default:
                throw new ArgumentException($"no such part of a pattern: {node}", nameof(node));
        }
    }

    private Demands Repeat(Demands part, int min, int max)
    {
        bool isPlain = part.Start == table.Nothing && part.End == table.Nothing && part.Both == table.Nothing;
        if (isPlain)
            return Plain(table.Repeat(part.None, min, max));
        if (max != 1)
            throw new ConstraintException("", "^ $", "a group with an anchor in it cannot be repeated");
        return min == 1 ? part : part with { None = table.Optional(part.None) };
    }

    /// <summary>
    /// One part after another. Where the second demands the beginning, the first must be empty; where the first demands
    /// the end, the second must.
    /// </summary>
    private Demands Join(Demands first, Demands second)
    {
        Demands onlySecond = Empties(first);
        Demands onlyFirst = Empties(second);
        return new Demands(
            table.Concat(first.None, second.None),
            table.Or(
            [
                table.Concat(first.Start, second.None),
                onlySecond.None == table.Empty || onlySecond.Start == table.Empty ? second.Start : table.Nothing,
            ]),
            table.Or(
            [
                table.Concat(first.None, second.End),
                onlyFirst.None == table.Empty || onlyFirst.End == table.Empty ? first.End : table.Nothing,
            ]),
            table.Or(
            [
                table.Concat(first.Start, second.End),
                onlySecond.None == table.Empty || onlySecond.Start == table.Empty ? second.Both : table.Nothing,
                onlyFirst.None == table.Empty || onlyFirst.End == table.Empty ? first.Both : table.Nothing,
                IsEmptyBothWays(onlySecond, onlyFirst) ? table.Empty : table.Nothing,
            ]));
    }

    /// <summary>Whether the first part demands the end and the second the beginning, and both may be empty.</summary>
    private bool IsEmptyBothWays(Demands first, Demands second) =>
        (first.End == table.Empty || first.Both == table.Empty)
        && (second.Start == table.Empty || second.Both == table.Empty);

    /// <summary>Which of the sets hold the empty text.</summary>
    private Demands Empties(Demands part)
    {
        return new Demands(Of(part.None), Of(part.Start), Of(part.End), Of(part.Both));

        Expression Of(Expression set) => set.IsNullable ? table.Empty : table.Nothing;
    }

    private Demands Plain(Expression texts) => new(texts, table.Nothing, table.Nothing, table.Nothing);

    /// <param name="None">Texts that may stand anywhere.</param>
    /// <param name="Start">Texts that must begin the whole.</param>
    /// <param name="End">Texts that must end it.</param>
    /// <param name="Both">Texts that must be the whole.</param>
    private readonly record struct Demands(Expression None, Expression Start, Expression End, Expression Both);
}
