using System.Globalization;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>A value that can be called.</summary>
internal interface ICallableValue
{
    object? Call(RenderContext context, in Arguments arguments);
}

/// <summary>The arguments of a call, by position and by name.</summary>
internal readonly record struct Arguments(object?[] Positional, KeyValuePair<string, object?>[] Named)
{
    public static readonly Arguments None = new([], []);
}

/// <summary>The body of a built-in: one value per parameter of its <see cref="Signature"/>.</summary>
internal delegate object? BuiltInBody(RenderContext context, object?[] values);

/// <summary>A built-in filter, test, method or global function: a name, its parameters and what it does.</summary>
internal sealed class BuiltIn(string name, string parameters, BuiltInBody body)
{
    public string Name { get; } = name;

    public Signature Signature { get; } = Signature.Parse(name, parameters);

    /// <summary>Runs it with a value before the arguments: the filtered value, or the object of a method.</summary>
    public object? Invoke(RenderContext context, object? self, in Arguments arguments) =>
        body(context, Signature.Bind(self, hasSelf: true, arguments));

    public object? Invoke(RenderContext context, in Arguments arguments) =>
        body(context, Signature.Bind(null, hasSelf: false, arguments));

    /// <summary>A table of built-ins by name.</summary>
    public static Dictionary<string, BuiltIn> Table(params BuiltIn[] rows)
    {
        var table = new Dictionary<string, BuiltIn>(rows.Length, StringComparer.Ordinal);
        foreach (BuiltIn row in rows)
            table.Add(row.Name, row);
        return table;
    }
}

/// <summary>
/// Python's parameter list, written as in Python: <c>value, d='', *args, **kwargs</c>; a trailing <c>/</c> means that
/// no parameter can be named.
/// </summary>
internal sealed class Signature
{
    private static readonly object Required = new();

    private readonly string _function;
    private readonly string[] _names;
    private readonly object?[] _defaults;
    private readonly bool _positionalOnly;

    private Signature(string function, string[] names, object?[] defaults, bool positionalOnly, bool args, bool kwargs)
    {
        _function = function;
        _names = names;
        _defaults = defaults;
        _positionalOnly = positionalOnly;
        TakesArgs = args;
        TakesKwargs = kwargs;
    }

    private bool TakesArgs { get; }

    private bool TakesKwargs { get; }

    public static Signature Parse(string function, string parameters)
    {
        var names = new List<string>();
        var defaults = new List<object?>();
        bool positionalOnly = false, args = false, kwargs = false;
        foreach (string part in parameters.Split(", ", StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "/")
                positionalOnly = true;
            else if (part.StartsWith("**", StringComparison.Ordinal))
                kwargs = true;
            else if (part.StartsWith('*'))
                args = true;
            else
                AddParameter(part, names, defaults);
        }

        return new Signature(function, [.. names], [.. defaults], positionalOnly, args, kwargs);
    }

    private static void AddParameter(string part, List<string> names, List<object?> defaults)
    {
        int equals = part.IndexOf('=', StringComparison.Ordinal);
        names.Add(equals < 0 ? part : part[..equals]);
        if (equals < 0)
        {
            defaults.Add(Required);
            return;
        }

        string literal = part[(equals + 1)..];
        defaults.Add(literal switch
        {
            "None" => null,
            "True" => Boxes.True,
            "False" => Boxes.False,
            _ when literal[0] == '\'' => literal[1..^1],
            _ when literal.Contains('.') => double.Parse(literal, CultureInfo.InvariantCulture),
            _ => Integers.Box(long.Parse(literal, CultureInfo.InvariantCulture)),
        });
    }

    /// <summary>
    /// One value per parameter; then, where the signature has them, <c>object?[]</c> for <c>*args</c> and
    /// <c>KeyValuePair[]</c> for <c>**kwargs</c>.
    /// </summary>
    public object?[] Bind(object? self, bool hasSelf, in Arguments arguments)
    {
        int self01 = hasSelf ? 1 : 0;
        int given = arguments.Positional.Length + self01;
        var bound = new object?[_names.Length + (TakesArgs ? 1 : 0) + (TakesKwargs ? 1 : 0)];
        int taken = Math.Min(given, _names.Length);
        for (int i = 0; i < taken; i++)
            bound[i] = i < self01 ? self : arguments.Positional[i - self01];
        for (int i = taken; i < _names.Length; i++)
            bound[i] = _defaults[i];
        if (TakesArgs)
            bound[_names.Length] = arguments.Positional[(taken - self01)..];
        else if (given > _names.Length)
            throw Raise.Type(
                $"{_function}() takes at most {_names.Length - self01} arguments ({given - self01} given)");
        BindNamed(arguments.Named, bound, taken);
        for (int i = taken; i < _names.Length; i++)
        {
            if (ReferenceEquals(bound[i], Required))
                throw Raise.Type($"{_function}() missing 1 required positional argument: '{_names[i]}'");
        }

        return bound;
    }

    private void BindNamed(KeyValuePair<string, object?>[] named, object?[] bound, int taken)
    {
        List<KeyValuePair<string, object?>>? rest = null;
        foreach (KeyValuePair<string, object?> argument in named)
        {
            int index = _positionalOnly ? -1 : Array.IndexOf(_names, argument.Key);
            if (index >= 0 && index < taken)
                throw Raise.Type($"{_function}() got multiple values for argument '{argument.Key}'");
            if (index >= 0)
                bound[index] = argument.Value;
            else if (TakesKwargs)
                (rest ??= []).Add(argument);
            else
                throw Raise.Type($"{_function}() got an unexpected keyword argument '{argument.Key}'");
        }

        if (TakesKwargs)
            bound[^1] = rest?.ToArray() ?? [];
    }
}

/// <summary>A built-in as a value: a global function, or a method bound to its object.</summary>
internal sealed class BuiltInFunction(BuiltIn function, object? self, bool isMethod) : ICallableValue, IObjectValue
{
    public string TypeName => "builtin_function_or_method";

    public object? Call(RenderContext context, in Arguments arguments) =>
        isMethod ? function.Invoke(context, self, arguments) : function.Invoke(context, arguments);

    public bool TryGetAttribute(RenderContext context, string name, out object? value)
    {
        value = null;
        return false;
    }

    public string Describe(RenderContext context) => isMethod
        ? $"<built-in method {function.Name} of {TypeNames.Of(self)} object>"
        : function.Name switch
        {
            "dict" => "<class 'dict'>",
            "namespace" => "<class 'jinja2.utils.Namespace'>",
            "cycler" => "<class 'jinja2.utils.Cycler'>",
            "joiner" => "<class 'jinja2.utils.Joiner'>",
            _ => $"<function {function.Name}>",
        };
}
