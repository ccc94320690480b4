using Fourteen.Engine.Tokenizers;

namespace Fourteen.Engine.Answers.ToolCalls;

/// <summary>
/// A way in which models write calls of tools: a row of the table. Text of a chat template tells which one a model has
/// learned. Immutable.
/// </summary>
public sealed class ToolCallFormat
{
    /// <summary>Hermes and Qwen3, and all models that are told by <see cref="HermesSystemText"/>.</summary>
    public static readonly ToolCallFormat Hermes = new("hermes", HermesCalls.Begin, _ => new HermesCalls())
    {
        // Qwen3-Coder and GLM put something else than JSON between the same tags.
        ForeignMarks = ["<function=", "<arg_key>"],
        Markers = [HermesCalls.Begin, HermesCalls.Close],
        CallsEndThoughts = true,
    };

    /// <summary>Llama 3.1 and later.</summary>
    public static readonly ToolCallFormat Llama3 =
        new("llama3", "\"parameters\": dictionary of argument name", names => new LlamaCalls(names))
        {
            Markers = [LlamaCalls.PythonTag],
        };

    /// <summary>Mistral from version 3 of its tokenizers on.</summary>
    public static readonly ToolCallFormat Mistral = new("mistral", MistralCalls.Begin, _ => new MistralCalls())
    {
        Markers = [MistralCalls.Begin, MistralCalls.CallId, MistralCalls.Arguments],
        CallsEndThoughts = true,
    };

    private readonly string _templateMark;
    private readonly Func<IReadOnlyCollection<string>, ToolCallParser> _createParser;

    private ToolCallFormat(
        string name, string templateMark, Func<IReadOnlyCollection<string>, ToolCallParser> createParser)
    {
        Name = name;
        _templateMark = templateMark;
        _createParser = createParser;
    }

    /// <summary>The table.</summary>
    public static IReadOnlyList<ToolCallFormat> All { get; } = [Hermes, Llama3, Mistral];

    /// <summary>What it is called in messages.</summary>
    public string Name { get; }

    /// <summary>What the model writes around its calls; a vocabulary may have control tokens for it.</summary>
    public IReadOnlyList<string> Markers { get; private init; } = [];

    /// <summary>
    /// Whether a call inside an open thought ends the thought. Not where nothing but its place at the beginning of an
    /// answer marks a call.
    /// </summary>
    public bool CallsEndThoughts { get; private init; }

    private IReadOnlyList<string> ForeignMarks { get; init; } = [];

    /// <summary>Finds how a model must be told of tools, and how it then calls them.</summary>
    /// <param name="template">The text of its chat template; null where it has none.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    public static ToolCallSupport Detect(string? template, Tokenizer tokenizer)
    {
        ToolCallFormat? found = template is null ? null : All.FirstOrDefault(format => format.IsUsedBy(template));
        bool knowsTools = template is not null && KnowsTools(template);
        bool isNative = knowsTools && found is not null;
        ToolCallFormat format = isNative ? found! : Hermes; // isNative says that one was found.
        var control = new Dictionary<int, string>();
        foreach (string marker in format.Markers)
        {
            if (tokenizer.FindAddedToken(marker) is { } id && tokenizer.IsControl(id))
                control[id] = marker;
        }

        return new ToolCallSupport(format, control, knowsTools, NeedsSystemText: !isNative);
    }

    /// <summary>Reads calls of one answer.</summary>
    /// <param name="names">Of the declared tools.</param>
    internal ToolCallParser CreateParser(IReadOnlyCollection<string> names) => _createParser(names);

    private bool IsUsedBy(string template) =>
        template.Contains(_templateMark, StringComparison.Ordinal)
        && !ForeignMarks.Any(mark => template.Contains(mark, StringComparison.Ordinal));

    /// <summary>Whether a template mentions the variable <c>tools</c>.</summary>
    private static bool KnowsTools(string template)
    {
        const string Variable = "tools";
        for (int at = template.IndexOf(Variable, StringComparison.Ordinal); at >= 0;
            at = template.IndexOf(Variable, at + 1, StringComparison.Ordinal))
        {
            int after = at + Variable.Length;
            bool begins = at == 0 || !IsNamePart(template[at - 1]);
            bool ends = after == template.Length || !IsNamePart(template[after]);
            if (begins && ends)
                return true;
        }

        return false;
    }

    private static bool IsNamePart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
