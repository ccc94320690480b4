using System.Numerics;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>A node that has a value.</summary>
internal abstract class Expression(int line)
{
    /// <summary>The line where the expression begins.</summary>
    public int Line { get; } = line;

    /// <summary>The height of the tree, which the parser limits; 1 for a leaf.</summary>
    public int Height { get; set; } = 1;

    public abstract object? Evaluate(RenderContext context);

    /// <summary>Counts the step and notes the line, for an error.</summary>
    protected void Enter(RenderContext context)
    {
        context.Step();
        context.Line = Line;
    }
}

internal sealed class Literal(int line, object? value) : Expression(line)
{
    public object? Value { get; } = value;

    public override object? Evaluate(RenderContext context) => Value;
}

/// <summary>A variable that is read.</summary>
internal sealed class NameExpression(int line, string name) : Expression(line)
{
    private NamePlaces _places;

    public string Name { get; } = name;

    /// <summary>Tells where the name can have its value; the parser does this once, at the end.</summary>
    public void Link(NamePlaces places) => _places = places;

    public override object? Evaluate(RenderContext context)
    {
        context.Step();
        foreach (SlotPlace place in _places.Slots)
        {
            Frame frame = context.Frame;
            for (int i = 0; i < place.Hops; i++)
                frame = frame.Parent!; // The scopes of the parse are the frames of the rendering.
            object? value = frame.Slots[place.Slot];
            if (!ReferenceEquals(value, Frame.Missing))
                return value;
        }

        return _places.IsOpen && context.TryVariable(Name, out object? variable)
            ? variable
            : UndefinedValue.Variable(Name);
    }
}

internal sealed class SequenceExpression(int line, Expression[] items, bool isTuple) : Expression(line)
{
    public Expression[] Items { get; } = items;

    public override object? Evaluate(RenderContext context)
    {
        Enter(context);
        context.Charge(Items.Length);
        var values = new object?[Items.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = Items[i].Evaluate(context);
        return isTuple ? new TupleValue(values) : new ListValue(values);
    }
}

internal sealed class DictExpression(int line, KeyValuePair<Expression, Expression>[] pairs) : Expression(line)
{
    public override object? Evaluate(RenderContext context)
    {
        Enter(context);
        var dict = new DictValue.Builder(pairs.Length);
        foreach (KeyValuePair<Expression, Expression> pair in pairs)
        {
            object? key = pair.Key.Evaluate(context);
            context.Step();
            Hashing.Charge(context, key);
            dict.Set(key, pair.Value.Evaluate(context));
        }

        return dict.Build();
    }
}

/// <summary><c>a if test else b</c>.</summary>
internal sealed class ConditionalExpression(int line, Expression test, Expression then, Expression? otherwise)
    : Expression(line)
{
    public override object? Evaluate(RenderContext context)
    {
        context.Step();
        if (Comparison.IsTrue(test.Evaluate(context)))
            return then.Evaluate(context);
        return otherwise is not null
            ? otherwise.Evaluate(context)
            : UndefinedValue.Hint(
                $"the inline if-expression on line {Line} evaluated to false and no else section was defined.");
    }
}

/// <summary><c>and</c> and <c>or</c>, which return one of their operands.</summary>
internal sealed class LogicalExpression(int line, bool isAnd, Expression left, Expression right) : Expression(line)
{
    public override object? Evaluate(RenderContext context)
    {
        context.Step();
        object? value = left.Evaluate(context);
        return Comparison.IsTrue(value) == isAnd ? right.Evaluate(context) : value;
    }
}

internal sealed class NotExpression(int line, Expression operand) : Expression(line)
{
    public override object? Evaluate(RenderContext context) =>
        Boxes.Of(!Comparison.IsTrue(operand.Evaluate(context)));
}

/// <summary>A sign before an expression.</summary>
internal sealed class SignExpression(int line, bool isMinus, Expression operand) : Expression(line)
{
    public override object? Evaluate(RenderContext context)
    {
        object? value = operand.Evaluate(context);
        Enter(context);
        return isMinus ? Arithmetic.Negate(value) : Arithmetic.Plus(value);
    }
}

/// <summary>An operator of arithmetic.</summary>
internal sealed class BinaryExpression(int line, string symbol, Expression left, Expression right) : Expression(line)
{
    public override object? Evaluate(RenderContext context)
    {
        object? a = left.Evaluate(context);
        object? b = right.Evaluate(context);
        Enter(context);
        object? result = Apply(context, a, b);
        if (a is BigInteger || b is BigInteger || result is BigInteger)
            context.Charge(TemplateLimits.IntegerBits / 4); // Dividing the largest takes as long as so many steps.
        return result;
    }

    private object? Apply(RenderContext context, object? a, object? b)
    {
        return symbol switch
        {
            "+" => Arithmetic.Add(context, a, b),
            "-" => Arithmetic.Subtract(a, b),
            "*" => Arithmetic.Multiply(context, a, b),
            "/" => Arithmetic.Divide(a, b),
            "//" => Arithmetic.FloorDivide(a, b),
            "%" => Arithmetic.Modulo(context, a, b),
            _ => Arithmetic.Power(a, b),
        };
    }
}

/// <summary><c>a ~ b ~ c</c>: the texts, joined.</summary>
internal sealed class ConcatExpression(int line, Expression[] parts) : Expression(line)
{
    public override object? Evaluate(RenderContext context)
    {
        var texts = new string[parts.Length];
        var values = new object?[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            values[i] = parts[i].Evaluate(context);
        Enter(context);
        context.Charge(parts.Length);
        long length = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            texts[i] = context.Autoescape ? Html.Of(context, values[i]) : PythonText.Str(context, values[i]);
            length += texts[i].Length;
        }

        context.ChargeText(length);
        string joined = string.Concat(texts);
        return context.Autoescape ? new MarkupText(joined) : joined;
    }
}

/// <param name="Symbol">==, !=, &lt;, &lt;=, &gt;, &gt;=, in, not in.</param>
/// <param name="Right">The right side.</param>
internal readonly record struct ComparisonPart(string Symbol, Expression Right);

/// <summary>Comparisons, chained as in Python: <c>a &lt; b &lt; c</c>.</summary>
internal sealed class ComparisonExpression(int line, Expression first, ComparisonPart[] parts) : Expression(line)
{
    public override object? Evaluate(RenderContext context)
    {
        object? left = first.Evaluate(context);
        foreach (ComparisonPart part in parts)
        {
            object? right = part.Right.Evaluate(context);
            Enter(context);
            if (!Holds(context, part.Symbol, left, right))
                return Boxes.False;
            left = right;
        }

        return Boxes.True;
    }

    private static bool Holds(RenderContext context, string symbol, object? left, object? right) => symbol switch
    {
        "==" => Comparison.AreEqual(context, left, right),
        "!=" => !Comparison.AreEqual(context, left, right),
        "in" => Comparison.Contains(context, right, left),
        "not in" => !Comparison.Contains(context, right, left),
        _ => Comparison.IsOrdered(context, symbol, left, right),
    };
}
