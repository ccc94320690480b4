using System.Diagnostics;
using Fourteen.Engine.ChatTemplates;
using Xunit;

namespace Fourteen.Engine.Tests.ChatTemplates;

/// <summary>Whatever the template and its variables are: a text or our exception, soon, on a small stack.</summary>
public sealed class TemplateLimitTests
{
    /// <summary>A third of a thread's usual stack on Linux.</summary>
    private const int SmallStackBytes = 512 << 10;

    /// <summary>
    /// The step limit allows about a second on a machine of its own; a shared one is several times slower.
    /// </summary>
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(30);

    private static readonly DateTimeOffset Clock = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("(", "1", ")")]
    [InlineData("[", "1", "]")]
    [InlineData("not ", "1", "")]
    [InlineData("-", "1", "")]
    [InlineData("", "1", " + 1")]
    [InlineData("", "a", ".b")]
    [InlineData("", "a", "[0]")]
    [InlineData("", "a", "()")]
    [InlineData("", "1", "|abs")]
    [InlineData("", "1", " if 1 else 1")]
    [InlineData("", "1", " and 1")]
    public void Parse_OnDeepExpression_IsLimited(string before, string middle, string after)
    {
        string source = "{{ " + Repeat(before) + middle + Repeat(after) + " }}";

        TemplateException error = Assert.Throws<TemplateException>(() => OnSmallStack(source));

        Assert.Equal("LimitExceeded", error.Kind);
        Assert.Equal(1, error.Line);
    }

    [Theory]
    [InlineData("{% if 1 %}")]
    [InlineData("{% for x in [1] %}")]
    [InlineData("{% set x %}")]
    public void Parse_OnDeepTags_IsLimited(string tag)
    {
        TemplateException error = Assert.Throws<TemplateException>(() => OnSmallStack(Repeat(tag)));

        Assert.Equal("LimitExceeded", error.Kind);
    }

    [Fact]
    public void Parse_OnDeepTarget_IsLimited()
    {
        TemplateException error = Assert.Throws<TemplateException>(() => OnSmallStack("{% set " + Repeat("(")));

        Assert.Equal("LimitExceeded", error.Kind);
    }

    [Theory]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}")]
    [InlineData("{% block a %}{{ self.a() }}{% endblock %}")]
    [InlineData("{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns }}")]
    [InlineData("{% set ns = namespace(g=[1]) %}{% for i in range(9999) %}"
        + "{% set ns.g = ns.g|select %}{% endfor %}{{ ns.g|list }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(9999) %}"
        + "{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=1) %}{% for i in range(99) %}"
        + "{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=1, t=1) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
        + "{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}")]
    [InlineData("{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}")]
    [InlineData("{{ 'x' * 1000000000 }}")]
    [InlineData("{{ [1] * 1000000000 }}")]
    [InlineData("{{ range(1000000000) }}")]
    [InlineData("{{ 2 ** 100000000 }}")]
    [InlineData("{% for i in range(99999) %}{% set x = 9 ** 4000 % 7 ** 4000 %}{% endfor %}")]
    [InlineData("{{ '%1000000000d' % 1 }}")]
    [InlineData("{{ '%.1000000000f' % 1 }}")]
    [InlineData("{{ '{:1000000000}'.format(1) }}")]
    [InlineData("{{ 'a'.center(1000000000) }}")]
    [InlineData("{{ 'a'|indent(1000000000, true) }}")]
    [InlineData("{{ [1]|batch(1000000000, 1)|list }}")]
    [InlineData("{{ [1]|tojson(indent=1000000000) }}")]
    [InlineData("{% set a = 'a' * 8000000 %}{% set b = 'a' * 99999 ~ 'b' ~ 'a' * 99999 %}"
        + "{% for i in range(999) %}{% set x = b in a %}{% endfor %}")]
    [InlineData("{% set b = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = b|length %}{% endfor %}")]
    public void Render_OnExcessiveTemplate_IsLimited(string source)
    {
        long start = Stopwatch.GetTimestamp();

        TemplateException error = Assert.Throws<TemplateException>(() => OnSmallStack(source));

        Assert.Equal("LimitExceeded", error.Kind);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeMax, $"took {Stopwatch.GetElapsedTime(start)}");
    }

    private static string Repeat(string text) => string.Concat(Enumerable.Repeat(text, 100_000));

    /// <summary>Parses and renders on a thread with a small stack; its exception is thrown here.</summary>
    private static void OnSmallStack(string source)
    {
        TemplateException? error = null;
        var thread = new Thread(
            () => error = Record.Exception(() =>
                ChatTemplate.Parse("deep", source).RenderPlain([], Clock)) as TemplateException,
            SmallStackBytes);
        thread.Start();
        thread.Join();
        if (error is not null)
            throw error;
    }
}
