using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.ChatTemplates;

/// <summary>Broken templates and broken messages: each gives a text or our exception.</summary>
public sealed class TemplateFuzzTests
{
    /// <summary>
    /// What a template allocates up to its limit of ten million steps, of some 100 bytes each, all together; at any
    /// time it holds a small part of it.
    /// </summary>
    private static readonly FuzzMemory Memory = new(1L << 30, PerByte: 200);

    private static readonly DateTimeOffset Clock = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Render_BrokenTemplate_GivesTextOrOurException()
    {
        (List<string> templates, List<JsonObject> variables) = Seeds();
        var mutator = new TemplateMutator(templates, variables);
        FuzzRun.Over(
            "templates", Memory, mutator.Next, input => input.Template.Length,
            input => ChatTemplate.Parse("fuzz", input.Template).Render(input.Variables, Clock));
    }

    [Fact]
    public void Render_BrokenMessages_GivesTextOrOurException()
    {
        (List<string> sources, List<JsonObject> variables) = Seeds();
        ChatTemplate[] templates = [.. sources.Select(source => ChatTemplate.Parse("fuzz", source))];
        JsonMutator[] mutators =
            [.. variables.Select(values => new JsonMutator(Encoding.UTF8.GetBytes(values.ToJsonString())))];
        FuzzRun.Over(
            "messages", Memory,
            random => (Template: templates[random.Next(templates.Length)], Json: Document(mutators, random),
                Continue: random.Next(8) == 0),
            input => input.Json.Length,
            input => input.Template.Render((JsonObject)Parse(input.Json)!, Clock, input.Continue));
    }

    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"messages":[{"content":"a","\udc00x":1}]}""")]
    public void Render_KeyOfHalfASurrogatePair_IsRefused(string json)
    {
        ChatTemplate template = ChatTemplate.Parse("fuzz", "{{ messages }}");

        TemplateException error = Assert.Throws<TemplateException>(
            () => template.Render((JsonObject)JsonNode.Parse(json)!, Clock)); // It is an object.

        Assert.Equal("ValueError", error.Kind);
    }

    // Templates quote the role that they do not know.
    [Fact]
    public void Render_RefusalThatQuotesALongText_GivesAShortMessage()
    {
        ChatTemplate template = ChatTemplate.Parse("fuzz", "{{ raise_exception('got\n' ~ messages[0].role) }}");
        JsonObject variables = new()
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = new string('x', 70_000) }),
        };

        TemplateException error = Assert.Throws<TemplateException>(() => template.Render(variables, Clock));

        Assert.StartsWith("fuzz: line 1: raise_exception: got xxx", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length < 1100, error.Message);
        Assert.Equal(70_004, error.Text.Length);
    }

    /// <summary>A broken document that is still an object of JSON, since whoever calls a template has parsed it.
    /// </summary>
    private static byte[] Document(JsonMutator[] mutators, Random random)
    {
        while (true)
        {
            byte[] json = mutators[random.Next(mutators.Length)].Next(random);
            try
            {
                if (Parse(json) is JsonObject)
                    return json;
            }
            catch (JsonException)
            {
                // The next one, then.
            }
        }
    }

    /// <summary>Deeper than values may be nested, so that the template's own limit is met.</summary>
    private static JsonNode? Parse(byte[] json) =>
        JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = 1000 });

    private static (List<string> Templates, List<JsonObject> Variables) Seeds()
    {
        var templates = new List<string>();
        var variables = new List<JsonObject>();
        string root = SharedFiles.Golden("template");
        foreach (string folder in Directory.GetDirectories(root).Order(StringComparer.Ordinal))
        {
            templates.Add(File.ReadAllText(Path.Combine(folder, "template.jinja")));
            foreach (string line in File.ReadLines(Path.Combine(folder, "cases.jsonl")).Take(5))
                variables.Add((JsonObject)JsonNode.Parse(line)!); // A row is an object.
        }

        return (templates, variables);
    }
}
