namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>What a token is. Operators have the text of the operator as their value.</summary>
internal enum TokenKind
{
    Data,
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <param name="Kind">What it is.</param>
/// <param name="Text">
/// A name, an operator, the text of data, a string without quotes and escapes, the digits of a number.
/// </param>
/// <param name="Line">The line where it begins, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    public bool IsOperator(string symbol) => Kind == TokenKind.Operator && Text == symbol;

    public bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    /// <summary>The token in an error message, in Jinja's words.</summary>
    public string Describe() => Kind switch
    {
        TokenKind.Data => "template data / text",
        TokenKind.VariableBegin => "begin of print statement",
        TokenKind.VariableEnd => "end of print statement",
        TokenKind.BlockBegin => "begin of statement block",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.End => "end of template",
        TokenKind.Integer => "integer",
        TokenKind.Float => "float",
        TokenKind.String => "string",
        _ => Text,
    };
}

/// <summary>An error of the parse, with its line.</summary>
internal sealed class SyntaxException(string kind, int line, string text) : Exception(text)
{
    public string Kind { get; } = kind;

    public int Line { get; } = line;

    public static SyntaxException At(int line, string text) => new("TemplateSyntaxError", line, text);

    public static SyntaxException Assertion(int line, string text) => new("TemplateAssertionError", line, text);

    public static SyntaxException Limit(int line, string text) => new("LimitExceeded", line, text);
}
