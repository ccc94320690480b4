using Fourteen.Engine.ChatTemplates.Library;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary><c>x.name</c>: the attribute first, then the item.</summary>
internal sealed class AttributeExpression(int line, Expression target, string name) : Expression(line)
{
    public Expression Target { get; } = target;

    public string Name { get; } = name;

    public override object? Evaluate(RenderContext context)
    {
        object? value = Target.Evaluate(context);
        Enter(context);
        return Access.Attribute(context, value, Name);
    }
}

/// <summary><c>x[key]</c>: the item first, then the attribute.</summary>
internal sealed class ItemExpression(int line, Expression target, Expression key) : Expression(line)
{
    public override object? Evaluate(RenderContext context)
    {
        object? value = target.Evaluate(context);
        object? index = key.Evaluate(context);
        Enter(context);
        return Access.Item(context, value, index);
    }
}

/// <summary>The key of <c>x[start:stop:step]</c>.</summary>
internal sealed class SliceExpression(int line, Expression? start, Expression? stop, Expression? step)
    : Expression(line)
{
    public override object? Evaluate(RenderContext context) =>
        new SliceValue(start?.Evaluate(context), stop?.Evaluate(context), step?.Evaluate(context));
}

/// <summary>The arguments as they are written in a call, a filter or a test.</summary>
internal sealed class ArgumentList(
    Expression[] positional,
    KeyValuePair<string, Expression>[] named,
    Expression? unpacked,
    Expression? unpackedNamed)
{
    public static readonly ArgumentList None = new([], [], null, null);

    /// <summary>The highest of the trees.</summary>
    public int Height
    {
        get
        {
            int height = Math.Max(unpacked?.Height ?? 0, unpackedNamed?.Height ?? 0);
            foreach (Expression argument in positional)
                height = Math.Max(height, argument.Height);
            foreach (KeyValuePair<string, Expression> argument in named)
                height = Math.Max(height, argument.Value.Height);
            return height;
        }
    }

    public Arguments Evaluate(RenderContext context)
    {
        if (ReferenceEquals(this, None))
            return Arguments.None;
        var values = new object?[positional.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = positional[i].Evaluate(context);
        KeyValuePair<string, object?>[] names = named.Length == 0 ? [] : EvaluateNamed(context);
        if (unpacked is not null)
            values = [.. values, .. Iteration.ToArray(context, unpacked.Evaluate(context))];
        return unpackedNamed is null
            ? new Arguments(values, names)
            : new Arguments(values, [.. names, .. Unpack(context, unpackedNamed.Evaluate(context), names)]);
    }

    private KeyValuePair<string, object?>[] EvaluateNamed(RenderContext context)
    {
        var names = new KeyValuePair<string, object?>[named.Length];
        for (int i = 0; i < names.Length; i++)
            names[i] = new(named[i].Key, named[i].Value.Evaluate(context));
        return names;
    }

    private static List<KeyValuePair<string, object?>> Unpack(
        RenderContext context, object? value, KeyValuePair<string, object?>[] before)
    {
        if (value is not DictValue dict)
            throw Raise.Type($"argument after ** must be a mapping, not {TypeNames.Of(value)}");
        context.Charge(dict.Count * (1L + before.Length));
        var named = new List<KeyValuePair<string, object?>>(dict.Count);
        for (int i = 0; i < dict.Count; i++)
        {
            if (!Strings.TryText(dict.KeyAt(i), out string? name))
                throw Raise.Type("keywords must be strings");
            context.ChargeText(name.Length);
            if (Array.Exists(before, pair => pair.Key == name))
                throw Raise.Type($"got multiple values for keyword argument '{name}'");
            named.Add(new(name, dict.ValueAt(i)));
        }

        return named;
    }
}

/// <summary><c>f(arguments)</c>.</summary>
internal sealed class CallExpression(int line, Expression function, ArgumentList arguments) : Expression(line)
{
    /// <summary>
    /// The methods that the name of <c>x.name(…)</c> can mean, looked up when the template is parsed.
    /// </summary>
    private readonly MethodSet? _methods =
        function is AttributeExpression attribute ? MethodSet.Of(attribute.Name) : null;

    public override object? Evaluate(RenderContext context) => Invoke(context, []);

    /// <summary>Calls with arguments by name added to those that are written.</summary>
    public object? Invoke(RenderContext context, KeyValuePair<string, object?>[] added)
    {
        object? callee;
        if (_methods is not null && function is AttributeExpression attribute)
        {
            object? target = attribute.Target.Evaluate(context);
            BuiltIn? method = _methods.For(target);
            if (method is not null)
            {
                Arguments given = Evaluated(context, added);
                Enter(context);
                return method.Invoke(context, target, given);
            }

            context.Line = Line;
            callee = Access.Attribute(context, target, attribute.Name);
        }
        else
        {
            callee = function.Evaluate(context);
        }

        Arguments values = Evaluated(context, added);
        Enter(context);
        return Access.Call(context, callee, values);
    }

    private Arguments Evaluated(RenderContext context, KeyValuePair<string, object?>[] added)
    {
        Arguments values = arguments.Evaluate(context);
        return added.Length == 0 ? values : new Arguments(values.Positional, [.. values.Named, .. added]);
    }
}

/// <summary><c>value | name(arguments)</c>.</summary>
internal sealed class FilterExpression : Expression
{
    private readonly Expression? _value;
    private readonly string _name;
    private readonly BuiltIn? _filter;
    private readonly ArgumentList _arguments;

    /// <param name="line">Its line.</param>
    /// <param name="value">What is filtered; null in a block, whose text comes when it runs.</param>
    /// <param name="name">The filter's name.</param>
    /// <param name="filter">The filter; null for a name that is unknown, which is an error only when it runs.</param>
    /// <param name="arguments">Its arguments.</param>
    public FilterExpression(int line, Expression? value, string name, BuiltIn? filter, ArgumentList arguments)
        : base(line)
    {
        _value = value;
        _name = name;
        _filter = filter;
        _arguments = arguments;
    }

    public override object? Evaluate(RenderContext context) =>
        Apply(context, _value!.Evaluate(context)); // Not in a block.

    /// <summary>Filters the text of a block through this filter and, before it, those that it stands after.</summary>
    public object? ApplyToBlock(RenderContext context, object? text) =>
        Apply(context, _value is FilterExpression inner ? inner.ApplyToBlock(context, text) : text);

    private object? Apply(RenderContext context, object? value)
    {
        Arguments values = _arguments.Evaluate(context);
        Enter(context);
        if (_filter is null)
            throw Raise.Runtime($"No filter named '{_name}' found.");
        return _filter.Invoke(context, value, values);
    }
}

/// <summary><c>value is name(arguments)</c>.</summary>
internal sealed class TestExpression(
    int line, Expression value, string name, BuiltIn? test, ArgumentList arguments) : Expression(line)
{
    public override object? Evaluate(RenderContext context)
    {
        object? tested = value.Evaluate(context);
        Arguments values = arguments.Evaluate(context);
        Enter(context);
        if (test is null)
            throw Raise.Runtime($"No test named '{name}' found.");
        return test.Invoke(context, tested, values);
    }
}
