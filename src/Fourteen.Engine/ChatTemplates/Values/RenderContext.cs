using System.Text;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>The variables of one scope while it runs, by slot.</summary>
internal sealed class Frame
{
    /// <summary>Stands in a slot that has no value yet.</summary>
    public static readonly object Missing = new();

    public Frame(Frame? parent, int slots)
    {
        Parent = parent;
        Slots = slots == 0 ? [] : new object?[slots];
        Array.Fill(Slots, Missing);
    }

    public Frame? Parent { get; }

    public object?[] Slots { get; }
}

/// <summary>One rendering: its variables, its output, its clock and what it has cost so far.</summary>
internal sealed class RenderContext
{
    /// <summary>
    /// Builders that were captured and can be used again, so that macros and set blocks do not allocate them.
    /// </summary>
    private const int SpareBuilders = 8;

    private readonly Dictionary<string, object?> _variables;
    private readonly Dictionary<string, object?> _globals;
    private readonly Stack<StringBuilder> _spare = new();
    private long _steps;
    private int _calls;
    private Random? _random;

    public RenderContext(
        Dictionary<string, object?> variables, Dictionary<string, object?> globals, DateTimeOffset now, int rootSlots)
    {
        _variables = variables;
        _globals = globals;
        Now = now;
        Root = new Frame(null, rootSlots);
        Frame = Root;
    }

    public DateTimeOffset Now { get; }

    /// <summary>The frame of the template's top level.</summary>
    public Frame Root { get; }

    /// <summary>The frame of the scope that runs now.</summary>
    public Frame Frame { get; set; }

    /// <summary>True inside <c>{% autoescape true %}</c>.</summary>
    public bool Autoescape { get; set; }

    /// <summary>The line of the node that ran last: where an error is reported.</summary>
    public int Line { get; set; } = 1;

    public StringBuilder Output { get; private set; } = new();

    /// <summary>The randomness of <c>random</c> and <c>lipsum</c>: the same clock gives the same text.</summary>
    public Random Random => _random ??= new Random(unchecked((int)Now.Ticks));

    public bool TryVariable(string name, out object? value) =>
        _variables.TryGetValue(name, out value) || _globals.TryGetValue(name, out value);

    /// <summary>Counts one step.</summary>
    public void Step()
    {
        if (++_steps > TemplateLimits.Steps)
            throw TooManySteps();
    }

    /// <summary>Counts many steps.</summary>
    public void Charge(long steps)
    {
        _steps += steps;
        if (_steps > TemplateLimits.Steps)
            throw TooManySteps();
    }

    /// <summary>Counts the making of, or search through, this many characters, which one string may hold.</summary>
    public void ChargeText(long chars)
    {
        if (chars > TemplateLimits.TextChars)
            throw TooLong();
        Charge(chars >> 4);
    }

    /// <summary>
    /// Goes one call deeper. The count is the same everywhere; the check of the stack is for callers with a small one.
    /// </summary>
    public void EnterCall()
    {
        if (++_calls > TemplateLimits.CallDepth)
            throw Raise.Limit($"calls are limited to {TemplateLimits.CallDepth} levels of nesting");
        if (!System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Raise.Limit("the stack is too small for calls nested this deep");
    }

    public void LeaveCall() => _calls--;

    public void Write(string text)
    {
        if (Output.Length + text.Length > TemplateLimits.TextChars)
            throw TooLong();
        Output.Append(text);
    }

    /// <summary>
    /// Lets what follows write to a new output, and returns the one to give to <see cref="EndCapture"/>.
    /// </summary>
    public StringBuilder BeginCapture()
    {
        StringBuilder outer = Output;
        Output = _spare.Count > 0 ? _spare.Pop() : new StringBuilder();
        return outer;
    }

    /// <summary>Goes back to the outer output and returns what was written since.</summary>
    public string EndCapture(StringBuilder outer)
    {
        string text = Output.ToString();
        ChargeText(text.Length);
        if (_spare.Count < SpareBuilders)
            _spare.Push(Output.Clear());
        Output = outer;
        return text;
    }

    public static PythonException TooLong() =>
        Raise.Limit($"text is limited to {TemplateLimits.TextChars} characters");

    private static PythonException TooManySteps() =>
        Raise.Limit($"rendering is limited to {TemplateLimits.Steps} steps");
}
