using System.Numerics;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>Jinja's built-in tests: what stands after <c>is</c>.</summary>
internal static class TestTable
{
    private static readonly Dictionary<string, BuiltIn> Table = BuiltIn.Table(
        Test("defined", "value", static (_, v) => v[0] is not UndefinedValue),
        Test("undefined", "value", static (_, v) => v[0] is UndefinedValue),
        Test("none", "value", static (_, v) => v[0] is null),
        Test("boolean", "value", static (_, v) => v[0] is bool),
        Test("true", "value", static (_, v) => v[0] is true),
        Test("false", "value", static (_, v) => v[0] is false),
        Test("integer", "value", static (_, v) => v[0] is long or BigInteger),
        Test("float", "value", static (_, v) => v[0] is double),
        Test("number", "value", static (_, v) => Integers.IsNumber(v[0])),
        Test("string", "value", static (_, v) => v[0] is string or MarkupText),
        Test("mapping", "value", static (_, v) => v[0] is DictValue),
        Test("sequence", "value", static (_, v) => IsSequence(v[0])),
        Test("iterable", "value", static (_, v) => Iteration.IsIterable(v[0])),
        Test("callable", "value", static (_, v) => v[0] is ICallableValue or UndefinedValue),
        Test("escaped", "value", static (_, v) => v[0] is MarkupText),
        Test("sameas", "value, other", static (c, v) => IsSame(c, v[0], v[1])),
        Test("odd", "value", static (c, v) => Leaves(c, v[0], Integers.Box(2), 1)),
        Test("even", "value", static (c, v) => Leaves(c, v[0], Integers.Box(2), 0)),
        Test("divisibleby", "value, num", static (c, v) => Leaves(c, v[0], v[1], 0)),
        Test("lower", "value", static (c, v) => StringTests.IsLower(Text(c, v[0]))),
        Test("upper", "value", static (c, v) => StringTests.IsUpper(Text(c, v[0]))),
        Test("in", "value, seq", static (c, v) => Comparison.Contains(c, v[1], v[0])),
        Test("filter", "value", static (c, v) => FilterTable.Find(Name(c, v[0])) is not null),
        Test("test", "value", static (c, v) => Find(Name(c, v[0])) is not null),
        Test("eq", "a, b, /", static (c, v) => Comparison.AreEqual(c, v[0], v[1])),
        Test("equalto", "a, b, /", static (c, v) => Comparison.AreEqual(c, v[0], v[1])),
        Test("==", "a, b, /", static (c, v) => Comparison.AreEqual(c, v[0], v[1])),
        Test("ne", "a, b, /", static (c, v) => !Comparison.AreEqual(c, v[0], v[1])),
        Test("!=", "a, b, /", static (c, v) => !Comparison.AreEqual(c, v[0], v[1])),
        Order("lt", "<"),
        Order("lessthan", "<"),
        Order("<", "<"),
        Order("le", "<="),
        Order("<=", "<="),
        Order("gt", ">"),
        Order("greaterthan", ">"),
        Order(">", ">"),
        Order("ge", ">="),
        Order(">=", ">="));

    /// <summary>The test of a name, or null.</summary>
    public static BuiltIn? Find(string name) => Table.GetValueOrDefault(name);

    private static BuiltIn Test(string name, string parameters, Func<RenderContext, object?[], bool> holds) =>
        new(name, parameters, (context, values) => Boxes.Of(holds(context, values)));

    private static BuiltIn Order(string name, string symbol) =>
        Test(name, "a, b, /", (context, values) => Comparison.IsOrdered(context, symbol, values[0], values[1]));

    private static bool Leaves(RenderContext context, object? value, object? divisor, long rest) =>
        Comparison.AreEqual(context, Arithmetic.Modulo(context, value, divisor), Integers.Box(rest));

    /// <summary>Python's objects with a length and items.</summary>
    private static bool IsSequence(object? value) =>
        value is SequenceValue or string or MarkupText or DictValue or RangeValue or UndefinedValue;

    /// <summary>Python's <c>is</c>. Equal small values are one object there, and so they are here.</summary>
    private static bool IsSame(RenderContext context, object? a, object? b) => ReferenceEquals(a, b) || (a, b) switch
    {
        (bool x, bool y) => x == y,
        (long x, long y) => x == y,
        (string x, string y) => Comparison.AreEqual(context, x, y),
        _ => false,
    };

    private static string Name(RenderContext context, object? value)
    {
        Hashing.Charge(context, value);
        return Strings.TryText(value, out string? name) ? name : "";
    }

    private static string Text(RenderContext context, object? value)
    {
        string text = PythonText.Str(context, value);
        context.ChargeText(text.Length);
        return text;
    }
}
