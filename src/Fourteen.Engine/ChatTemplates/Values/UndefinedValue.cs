namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>
/// Jinja's Undefined: prints as nothing, is false and empty; any other use is the error that it carries.
/// </summary>
internal sealed class UndefinedValue
{
    private readonly string? _hint;
    private readonly bool _hasOwner;
    private readonly object? _owner;
    private readonly object? _name;

    private UndefinedValue(string? hint, bool hasOwner, object? owner, object? name, string kind)
    {
        _hint = hint;
        _hasOwner = hasOwner;
        _owner = owner;
        _name = name;
        Kind = kind;
    }

    /// <summary>The kind of error that using it raises.</summary>
    private string Kind { get; }

    public static UndefinedValue Variable(string name) => new(null, false, null, name, "UndefinedError");

    /// <summary>A missing attribute or item of a value.</summary>
    public static UndefinedValue Member(object? owner, object? name) => new(null, true, owner, name, "UndefinedError");

    public static UndefinedValue Hint(string hint) => new(hint, false, null, null, "UndefinedError");

    /// <summary>An attribute that exists and that the sandbox withholds.</summary>
    public static UndefinedValue Unsafe(object? owner, string name) => new(
        $"access to attribute '{name}' of '{TypeNames.Of(owner)}' object is unsafe.",
        true, owner, name, "SecurityError");

    public PythonException Error() => new(Kind, Message());

    private string Message()
    {
        if (_hint is not null)
            return _hint;
        if (!_hasOwner)
            return $"'{_name}' is undefined";
        string owner = _owner is null ? "None" : TypeNames.Of(_owner) + " object";
        return Strings.TryText(_name, out string? name)
            ? $"'{owner}' has no attribute {PythonText.ReprOfText(name)}"
            : $"{owner} has no element {PythonText.ShortRepr(_name)}";
    }
}
