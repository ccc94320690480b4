using System.Text;
using System.Text.Json;
using Fourteen.Engine.Constraints;
using Fourteen.Testing;
using Json.Schema;
using Xunit;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>
/// The JSON Schema Test Suite (draft 2020-12): what is accepted, by keyword; that what a random model writes under each
/// accepted schema is valid by JsonSchema.Net; that valid instances are accepted and no invalid one is.
/// </summary>
public sealed class SchemaSuiteTests
{
    private const int Answers = 20;
    private const int FreeTokens = 30;

    /// <summary>Schemas that no value satisfies are refused, and are none that could be accepted.</summary>
    private const string Unsatisfiable = "no value satisfies this schema";

    /// <summary>Formats that JsonSchema.Net can be asked to check and that stay annotations here.</summary>
    private static readonly string[] _annotatedFormats =
    [
        "idn-email", "regex", "ipv6", "idn-hostname", "hostname", "json-pointer", "relative-json-pointer", "iri",
        "iri-reference", "uri", "uri-reference", "uri-template", "duration",
    ];

    /// <summary>Schemas that JsonSchema.Net cannot read: long names of categories, and dialects of the suite's server.
    /// </summary>
    private static readonly string[] _unreadable =
    [
        "pattern: pattern with Unicode property escape requires unicode mode",
        "vocabulary: schema that uses custom metaschema with with no validation vocabulary",
        "vocabulary: ignore unrecognized optional vocabulary",
    ];

    [Fact]
    public void Suite_OfSchemasThatStrictClientsSend_IsAcceptedToNinetyPercent()
    {
        var table = SchemaSuite.CommonKeywords.ToDictionary(keyword => keyword, _ => (Accepted: 0, All: 0));
        var refused = new StringBuilder();
        (int accepted, int all) = (0, 0);
        foreach (SuiteSchema schema in Read())
        {
            HashSet<string> keywords = SchemaSuite.Keywords(schema.Schema);
            CompiledConstraint? constraint = TryCompile(Compilers.Bytes, schema, out ConstraintException? problem);
            bool isCommon = SchemaSuite.IsCommon(keywords);
            if (problem is not null)
                refused.Append(null, $"{(isCommon ? "* " : "  ")}{schema.Name}: {problem.Message}\n");
            if (!isCommon || problem?.Message.Contains(Unsatisfiable, StringComparison.Ordinal) == true)
                continue;
            int one = constraint is null ? 0 : 1;
            accepted += one;
            all++;
            foreach (string keyword in table.Keys.Where(keywords.Contains).ToArray())
                table[keyword] = (table[keyword].Accepted + one, table[keyword].All + 1);
        }

        IEnumerable<string> rows = table.Select(row => $"{row.Key,-22}{row.Value.Accepted,4} of {row.Value.All}");
        string report = string.Join('\n', rows)
            + $"\n{"all",-22}{accepted,4} of {all}\nrefused (* with these keywords alone):\n{refused}";
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        Assert.True(all > 100, report);
        Assert.True(accepted >= all * 0.9, report);
    }

    [Fact]
    public void Suite_OfInstances_IsAcceptedWhereValidAndNeverWhereInvalid()
    {
        List<string> wrong = [];
        int checks = 0;
        foreach (SuiteSchema schema in Read())
        {
            if (TryCompile(Compilers.Bytes, schema, out _) is not { } constraint)
                continue;
            foreach (SuiteInstance instance in schema.Instances)
            {
                checks++;
                bool isAccepted = SchemaSuite.Texts(instance.Value).Any(constraint.Accepts);
                if (isAccepted != instance.IsValid && !IsStricter(schema, instance))
                    wrong.Add($"{schema.Name}: {instance.Description}: {instance.Value.GetRawText()}: {isAccepted}");
            }
        }

        Assert.True(checks > 600, $"{checks} checks");
        Assert.Empty(wrong);
    }

    [Fact]
    public void Suite_RandomModelOfTinyVocabulary_WritesValidInstances()
    {
        var model = new RandomModel(Compilers.Tiny, Compilers.TokensOf(Compilers.TinyTokenizer));
        CheckAnswers(Compilers.Tiny, model, Answers, every: 1);
    }

    // The large vocabulary has the tokens that hold several characters of syntax; a part of the suite keeps it short.
    [Fact]
    public void Suite_RandomModelOfQwen3Vocabulary_WritesValidInstances()
    {
        var model = new RandomModel(Compilers.Qwen3, Compilers.TokensOf(Compilers.Qwen3Tokenizer));
        CheckAnswers(Compilers.Qwen3, model, answers: 2, every: 4);
    }

    private static void CheckAnswers(ConstraintCompiler compiler, RandomModel model, int answers, int every)
    {
        List<string> wrong = [];
        int schemas = 0;
        foreach (SuiteSchema schema in Read().Where((_, index) => index % every == 0))
        {
            if (_unreadable.Contains(schema.Name) || TryCompile(compiler, schema, out _) is not { } constraint)
                continue;
            schemas++;
            JsonSchema reference = JsonSchema.Build(
                schema.Schema, new BuildOptions { SchemaRegistry = new SchemaRegistry() });
            var random = new Random(14);
            for (int i = 0; i < answers; i++)
            {
                string answer = model.Answer(constraint, random, FreeTokens);
                if (!IsValid(schema, reference, answer))
                    wrong.Add($"{schema.Name}: {answer}");
            }
        }

        Assert.True(schemas > 200 / every, $"{schemas} schemas");
        Assert.Empty(wrong);
    }

    private static bool IsValid(SuiteSchema schema, JsonSchema reference, string answer)
    {
        using JsonDocument document = JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = 600 });
        bool checksFormat = !schema.Schema.TryGetProperty("format", out JsonElement format)
            || !_annotatedFormats.Contains(format.GetString());
        try
        {
            return reference.Evaluate(
                document.RootElement, new EvaluationOptions { RequireFormatValidation = checksFormat }).IsValid;
        }
        catch (FormatException)
        {
            // JsonSchema.Net compares numbers as decimals, which hold no 6E71.
            return answer.Contains('e', StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Where this is stricter than the suite: formats are enforced, and every dialect validates.</summary>
    private static bool IsStricter(SuiteSchema schema, SuiteInstance instance) =>
        instance.IsValid && (instance.Description.Contains("only an annotation", StringComparison.Ordinal)
            || schema.File == "vocabulary");

    private static CompiledConstraint? TryCompile(
        ConstraintCompiler compiler, SuiteSchema schema, out ConstraintException? problem)
    {
        try
        {
            problem = null;
            return compiler.CompileJsonSchema(schema.Schema);
        }
        catch (ConstraintException refused)
        {
            problem = refused;
            return null;
        }
    }

    private static List<SuiteSchema> Read()
    {
        string? root = SharedFiles.SharedRoot;
        string? folder = root is null ? null : Path.Combine(root, "data", "jsonschema");
        Assert.SkipWhen(
            folder is null || !Directory.Exists(folder),
            "data/jsonschema is not here: it needs the folder 'shared' beside the repository");
        return [.. SchemaSuite.Read(folder!)]; // The line above ends the test where it is null.
    }
}
