using System.Text.Encodings.Web;
using System.Text.Json;
using Fourteen.Engine.Constraints;
using Fourteen.Testing;
using Json.Schema;
using Xunit;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>Schemas as real tools declare them, those of the benchmark.</summary>
public sealed class ToolSchemaTests
{
    private const int Answers = 20;

    private static readonly JsonSerializerOptions _indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Tools => [.. Read().Select(tool => tool.GetProperty("name").GetString()!)];

    [Theory, MemberData(nameof(Tools))]
    public void Tool_CallsInBothLayouts_AreAccepted(string name)
    {
        JsonElement tool = Find(name);
        CompiledConstraint constraint = Compilers.Bytes.CompileJsonSchema(tool.GetProperty("parameters"));

        Assert.Empty(constraint.Notes);
        Assert.All(tool.GetProperty("calls").EnumerateArray(), call =>
        {
            Assert.True(constraint.Accepts(call.GetRawText()));
            Assert.True(constraint.Accepts(JsonSerializer.Serialize(call, _indented)));
        });
    }

    [Theory, MemberData(nameof(Tools))]
    public void Tool_RandomModel_WritesValidArguments(string name)
    {
        JsonElement schema = Find(name).GetProperty("parameters");
        CompiledConstraint constraint = Compilers.Tiny.CompileJsonSchema(schema);
        var model = new RandomModel(Compilers.Tiny, Compilers.TokensOf(Compilers.TinyTokenizer));
        JsonSchema reference = JsonSchema.Build(schema, new BuildOptions { SchemaRegistry = new SchemaRegistry() });
        var random = new Random(10);

        for (int i = 0; i < Answers; i++)
        {
            string answer = model.Answer(constraint, random, freeTokens: 5 * i);
            using JsonDocument document = JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = 600 });
            bool isValid = reference.Evaluate(
                document.RootElement, new EvaluationOptions { RequireFormatValidation = true }).IsValid;
            Assert.True(isValid, answer);
        }
    }

    private static JsonElement Find(string name) =>
        Read().Single(tool => tool.GetProperty("name").GetString() == name);

    private static List<JsonElement> Read()
    {
        string path = Path.Combine(SharedFiles.RepositoryRoot, "benchmarks", "Fourteen.Benchmarks", "tools.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. document.RootElement.EnumerateArray().Select(tool => tool.Clone())];
    }
}
