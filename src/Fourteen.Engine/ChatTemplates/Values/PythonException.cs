namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>
/// An error on its way out of a rendering or a parse, which adds template and line and makes a
/// <see cref="TemplateException"/> of it.
/// </summary>
internal sealed class PythonException(string kind, string text) : Exception(text)
{
    /// <summary>The name of Python's exception.</summary>
    public string Kind { get; } = kind;
}

/// <summary>The errors of Python that values raise, by name.</summary>
internal static class Raise
{
    public static PythonException Type(string text) => new("TypeError", text);

    public static PythonException Value(string text) => new("ValueError", text);

    public static PythonException Index(string text) => new("IndexError", text);

    public static PythonException Key(string text) => new("KeyError", text);

    public static PythonException Overflow(string text) => new("OverflowError", text);

    public static PythonException ZeroDivision(string text) => new("ZeroDivisionError", text);

    public static PythonException Undefined(string text) => new("UndefinedError", text);

    public static PythonException Security(string text) => new("SecurityError", text);

    public static PythonException Runtime(string text) => new("TemplateRuntimeError", text);

    public static PythonException FilterArgument(string text) => new("FilterArgumentError", text);

    /// <param name="what">What is limited, with the limit: "a string is limited to 5 characters".</param>
    public static PythonException Limit(string what) => new("LimitExceeded", what);
}
