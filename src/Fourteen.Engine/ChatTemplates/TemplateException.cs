namespace Fourteen.Engine.ChatTemplates;

/// <summary>
/// A template that cannot be parsed or rendered. The message names template, line, kind and text, and is written for
/// the user.
/// </summary>
public sealed class TemplateException : Exception
{
    /// <summary>What templates say is far shorter, unless they quote their input.</summary>
    private const int CharsMax = 1000;

    /// <param name="kind">See <see cref="Kind"/>.</param>
    /// <param name="template">The template's name.</param>
    /// <param name="line">The line, counted from 1; 0 where the input and not the template is at fault.</param>
    /// <param name="text">See <see cref="Text"/>.</param>
    /// <param name="cause">The error behind it.</param>
    public TemplateException(string kind, string template, int line, string text, Exception? cause = null)
        : base($"{template}: {(line > 0 ? $"line {line}: " : "")}{kind}: {ErrorText.Shorten(text, CharsMax)}", cause)
    {
        Kind = kind;
        Template = template;
        Line = line;
        Text = text;
    }

    /// <summary>
    /// What went wrong, by the name of Python's or Jinja's exception: <c>TemplateSyntaxError</c> and
    /// <c>TemplateAssertionError</c> (found by <see cref="ChatTemplate.Parse"/>), <c>UndefinedError</c>,
    /// <c>TypeError</c>, <c>ValueError</c>, <c>SecurityError</c>, …; <c>raise_exception</c> where the template itself
    /// refuses its input; <c>LimitExceeded</c> where it asks for too much.
    /// </summary>
    public string Kind { get; }

    /// <summary>The name that <see cref="ChatTemplate.Parse"/> was given.</summary>
    public string Template { get; }

    /// <summary>The line in the template, counted from 1; 0 where the input is at fault.</summary>
    public int Line { get; }

    /// <summary>
    /// The message without place and kind, in full; for <c>raise_exception</c> the template's own words.
    /// </summary>
    public string Text { get; }
}
