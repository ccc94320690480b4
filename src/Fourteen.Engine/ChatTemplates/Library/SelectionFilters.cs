using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// The filters that apply another filter or a test to each item. They are lazy, as Python's generators are.
/// </summary>
internal static class SelectionFilters
{
    public static readonly BuiltIn[] Rows =
    [
        new("map", "value, *args, **kwargs", Map),
        new("select", "value, *args, **kwargs", static (c, v) => Select(c, v, byAttribute: false, keeps: true)),
        new("reject", "value, *args, **kwargs", static (c, v) => Select(c, v, byAttribute: false, keeps: false)),
        new("selectattr", "value, *args, **kwargs", static (c, v) => Select(c, v, byAttribute: true, keeps: true)),
        new("rejectattr", "value, *args, **kwargs", static (c, v) => Select(c, v, byAttribute: true, keeps: false)),
        new("attr", "obj, name", Attribute),
    ];

    private static object? Attribute(RenderContext context, object?[] values)
    {
        string name = PythonText.Str(context, values[1]);
        Hashing.Charge(context, name);
        return Access.TryAttribute(context, values[0], name, out object? value)
            ? value
            : UndefinedValue.Member(values[0], name);
    }

    private static object? Map(RenderContext context, object?[] values)
    {
        return new IteratorValue("generator", Walk());

        IEnumerator<object?> Walk()
        {
            if (!Comparison.IsTrue(values[0]))
                yield break;
            var positional = (object?[])values[1]!; // *args is never null
            var named = (KeyValuePair<string, object?>[])values[2]!; // nor is **kwargs
            Func<object?, object?> map = positional.Length == 0
                ? MapToAttribute(context, named)
                : MapByFilter(context, positional, named);
            IEnumerator<object?> items = Iteration.Start(context, values[0]);
            while (items.MoveNext())
                yield return map(items.Current);
        }
    }

    private static Func<object?, object?> MapToAttribute(RenderContext context, KeyValuePair<string, object?>[] named)
    {
        object? attribute = Frame.Missing;
        object? whenUndefined = null;
        foreach ((string name, object? value) in named)
        {
            if (name == "attribute")
                attribute = value;
            else if (name == "default")
                whenUndefined = value;
            else
                throw Raise.FilterArgument($"Unexpected keyword argument '{name}'");
        }

        if (ReferenceEquals(attribute, Frame.Missing))
            throw Raise.FilterArgument("map requires a filter argument");
        return ItemGetter.Of(context, attribute, ignoresCase: false, whenUndefined).Get;
    }

    private static Func<object?, object?> MapByFilter(
        RenderContext context, object?[] positional, KeyValuePair<string, object?>[] named)
    {
        string name = PythonText.Str(context, positional[0]);
        Hashing.Charge(context, name);
        BuiltIn filter = FilterTable.Find(name) ?? throw Raise.Runtime($"No filter named '{name}'.");
        var arguments = new Arguments(positional[1..], named);
        return item => filter.Invoke(context, item, arguments);
    }

    private static object? Select(RenderContext context, object?[] values, bool byAttribute, bool keeps)
    {
        return new IteratorValue("generator", Walk());

        IEnumerator<object?> Walk()
        {
            if (!Comparison.IsTrue(values[0]))
                yield break;
            var positional = (object?[])values[1]!; // *args is never null
            var named = (KeyValuePair<string, object?>[])values[2]!; // nor is **kwargs
            if (byAttribute && positional.Length == 0)
                throw Raise.FilterArgument("Missing parameter for attribute name");
            ItemGetter? getter = byAttribute ? ItemGetter.Of(context, positional[0]) : null;
            Func<object?, bool> holds = TestOf(context, positional.AsSpan(byAttribute ? 1 : 0), named);
            IEnumerator<object?> items = Iteration.Start(context, values[0]);
            while (items.MoveNext())
            {
                object? item = items.Current;
                if (holds(getter is null ? item : getter.Get(item)) == keeps)
                    yield return item;
            }
        }
    }

    /// <summary>The test that the arguments name; the truth of the item where they name none.</summary>
    private static Func<object?, bool> TestOf(
        RenderContext context, ReadOnlySpan<object?> positional, KeyValuePair<string, object?>[] named)
    {
        if (positional.IsEmpty)
            return Comparison.IsTrue;
        string name = PythonText.Str(context, positional[0]);
        Hashing.Charge(context, name);
        BuiltIn test = TestTable.Find(name) ?? throw Raise.Runtime($"No test named '{name}'.");
        var arguments = new Arguments(positional[1..].ToArray(), named);
        return item => Comparison.IsTrue(test.Invoke(context, item, arguments));
    }
}
