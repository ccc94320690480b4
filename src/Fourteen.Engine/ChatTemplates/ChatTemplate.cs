using System.Text.Json.Nodes;
using Fourteen.Engine.ChatTemplates.Library;
using Fourteen.Engine.ChatTemplates.Syntax;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates;

/// <summary>
/// A Jinja template, parsed once and rendered any number of times, by any number of threads at once. It behaves as
/// jinja2 3.1 does in the environment of the transformers library: an immutable sandbox, <c>trim_blocks</c>,
/// <c>lstrip_blocks</c>, <c>break</c> and <c>continue</c>, <c>{% generation %}</c>, <c>raise_exception</c> and
/// <c>strftime_now</c>. What it can cost is limited, whatever the template and its variables are.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>What marks the end of the last message when it is to be continued; transformers' own words.</summary>
    private const string ContinueMarker = "CONTINUE_FINAL_MESSAGE_TAG ";

    private readonly string _name;
    private readonly ParsedTemplate _parsed;
    private readonly SelfReference _self;

    private ChatTemplate(string name, string source, ParsedTemplate parsed)
    {
        _name = name;
        Source = source;
        _parsed = parsed;
        _self = new SelfReference(parsed.Blocks);
    }

    /// <summary>The text that was parsed.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="name">Its name in messages: the file, or the model and the key.</param>
    /// <param name="source">Its text.</param>
    /// <exception cref="TemplateException">The text is no template, or exceeds a limit.</exception>
    public static ChatTemplate Parse(string name, string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Length > TemplateLimits.SourceChars)
        {
            throw new TemplateException(
                "LimitExceeded", name, 1, $"a template is limited to {TemplateLimits.SourceChars} characters");
        }

        try
        {
            return new ChatTemplate(name, source, TemplateParser.Parse(source));
        }
        catch (SyntaxException error)
        {
            throw new TemplateException(error.Kind, name, error.Line, error.Message, error);
        }
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="variables">
    /// The variables of the top level: <c>messages</c>, <c>tools</c> and <c>documents</c> (None unless they are given),
    /// <c>add_generation_prompt</c> (False unless it is given), and any others. They are not changed.
    /// </param>
    /// <param name="now">The clock of <c>strftime_now</c>, at its own offset.</param>
    /// <param name="continueFinalMessage">
    /// True to end right after the content of the last message, so that a model goes on writing it.
    /// </param>
    /// <exception cref="TemplateException">The template refuses its input, fails on it, or exceeds a limit.</exception>
    public string Render(JsonObject variables, DateTimeOffset now, bool continueFinalMessage = false) =>
        Guarded(() =>
        {
            Dictionary<string, object?> values = Convert(variables);
            values.TryAdd("tools", null);
            values.TryAdd("documents", null);
            values.TryAdd("add_generation_prompt", Boxes.False);
            if (!continueFinalMessage)
                return values;
            values["messages"] = FinalMessage.Mark(values.GetValueOrDefault("messages"), ContinueMarker);
            return values;
        }, now, continueFinalMessage);

    /// <summary>Renders with these variables alone: what any other Jinja template needs.</summary>
    /// <param name="variables">The variables of the top level. They are not changed.</param>
    /// <param name="now">The clock of <c>strftime_now</c>, at its own offset.</param>
    /// <exception cref="TemplateException">The template fails, or exceeds a limit.</exception>
    public string RenderPlain(JsonObject variables, DateTimeOffset now) =>
        Guarded(() => Convert(variables), now, continueFinalMessage: false);

    private string Guarded(
        Func<Dictionary<string, object?>> makeVariables, DateTimeOffset now, bool continueFinalMessage)
    {
        RenderContext? context = null;
        try
        {
            Dictionary<string, object?> variables = makeVariables();
            variables["self"] = _self;
            context = new RenderContext(variables, Globals.Table, now, _parsed.Slots);
            Statement.RenderAll(context, _parsed.Body);
            string text = context.Output.ToString();
            return continueFinalMessage ? FinalMessage.Cut(text, ContinueMarker) : text;
        }
        catch (PythonException error)
        {
            throw new TemplateException(error.Kind, _name, context?.Line ?? 0, error.Message, error);
        }
    }

    private static Dictionary<string, object?> Convert(JsonObject variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        try
        {
            var values = new Dictionary<string, object?>(variables.Count + 4, StringComparer.Ordinal);
            foreach (KeyValuePair<string, JsonNode?> pair in variables)
                values[pair.Key] = JsonInput.Convert(pair.Value);
            return values;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            // JsonObject finds a repeated key, and one that escapes half a surrogate pair, only when it is read.
            throw Raise.Value($"the variables are no proper JSON object: {error.Message}");
        }
    }
}
