namespace Fourteen.Engine.ChatTemplates;

/// <summary>
/// What one template may cost. A template comes with a model file and its variables from a request, so both are
/// untrusted. Exceeding a limit is a <see cref="TemplateException"/> of the kind <c>LimitExceeded</c>.
/// </summary>
internal static class TemplateLimits
{
    /// <summary>The largest known template has 30 KB; 100 times more is no template.</summary>
    public const int SourceChars = 4 << 20;

    /// <summary>
    /// Nested tags, and nested parentheses, of one template. Jinja itself ends at about 80 (Python's recursion limit);
    /// the deepest of 70 known templates nests 9.
    /// </summary>
    public const int SyntaxDepth = 100;

    /// <summary>
    /// The height of one expression tree, which a chain such as <c>a + b + c</c> grows as well as parentheses do. Known
    /// templates stay below 40. Together with <see cref="SyntaxDepth"/> it bounds the stack that one call can use.
    /// </summary>
    public const int ExpressionDepth = 300;

    /// <summary>Arguments of a call and parameters of a macro; known templates have up to 5.</summary>
    public const int Arguments = 500;

    /// <summary>Macros, recursive loops and lazy sequences inside each other; Python ends near 250.</summary>
    public const int CallDepth = 200;

    /// <summary>
    /// Values nested in values, those of the JSON input included; 64 is the usual limit of JSON readers.
    /// </summary>
    public const int ValueDepth = 200;

    /// <summary>
    /// Evaluated nodes, items walked through, and characters made (16 characters count as one step): about one second.
    /// A conversation of 200 messages takes 30 thousand.
    /// </summary>
    public const long Steps = 10_000_000;

    /// <summary>Characters of the output, or of one string: more than any context window holds.</summary>
    public const int TextChars = 16 << 20;

    /// <summary>Items of one list, of a repeated list among others.</summary>
    public const int ListItems = 4 << 20;

    /// <summary>Items of one <c>range()</c>: the limit of Jinja's own sandbox.</summary>
    public const int RangeItems = 100_000;

    /// <summary>Decimal digits of an integer: Python's own limit for turning text into integers and back.</summary>
    public const int IntegerDigits = 4300;

    /// <summary>Bits of an integer, which are about <see cref="IntegerDigits"/> digits.</summary>
    public const int IntegerBits = 14_300;

    /// <summary>Digits after the point in a formatted number; a double has at most 1074 that are not zero.</summary>
    public const int FormatPrecision = 1_100;
}
