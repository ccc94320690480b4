using System.Text.Json;
using Fourteen.Engine.Constraints;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>Rows of <c>golden/cases</c> about structured output: faults that other projects had.</summary>
public sealed class ConstraintCaseTests
{
    [Theory]
    [InlineData("B038")]
    [InlineData("B042")]
    [InlineData("B044")]
    [InlineData("B048")]
    public void Schema_OfCase_AcceptsAndRejectsWhatIsListed(string id)
    {
        JsonElement row = Row(id);
        string place = id == "B038" ? "parameters" : "schema";
        using JsonDocument schema = JsonDocument.Parse(Find(row.GetProperty("input"), place));
        CompiledConstraint constraint = Compilers.Bytes.CompileJsonSchema(schema.RootElement);
        JsonElement expected = row.GetProperty("expected");

        Assert.All(expected.GetProperty("accepted").EnumerateArray(), value => Assert.True(
            constraint.Accepts(value.GetRawText()), value.GetRawText()));
        Assert.All(expected.GetProperty("rejected").EnumerateArray(), value => Assert.False(
            SchemaSuite.Texts(value).Any(constraint.Accepts), value.GetRawText()));
    }

    // B046: a model that takes white space wherever it may.
    [Fact]
    public void WhiteSpace_OfAModelThatWantsNothingElse_IsBounded()
    {
        JsonElement row = Row("B046");
        using JsonDocument schema = JsonDocument.Parse(Find(row.GetProperty("input"), "schema"));
        ConstraintCompiler compiler = Compilers.Tiny;
        IReadOnlyList<byte[]> tokens = Compilers.TokensOf(Compilers.TinyTokenizer);
        ConstraintMatcher matcher = compiler.CompileJsonSchema(schema.RootElement).CreateMatcher();
        var text = new List<byte>();
        var random = new Random(46);
        for (int i = 0; i < 1500 && !matcher.IsComplete; i++)
        {
            List<int> allowed = matcher.Allowed(compiler);
            bool isInString = IsInString(text);
            List<int> choice = isInString
                ? [.. allowed.Where(id => tokens[id][0] == '"')]
                : [.. allowed.Where(id => tokens[id].All(value => value is 32 or 9 or 10 or 13))];
            int token = choice.Count > 0 ? choice[random.Next(choice.Count)] : allowed[random.Next(allowed.Count)];
            matcher.Accept(token);
            text.AddRange(tokens[token]);
        }

        (int run, int longest) = (0, 0);
        for (int i = 0; i < text.Count; i++)
        {
            run = text[i] is 32 or 9 or 10 or 13 ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        Assert.True(longest <= 64, $"{longest} characters of white space in a row");
        Assert.True(longest > 1);
    }

    // B050: the answer begins with its first character, which is half of a token in many vocabularies.
    [Fact]
    public void Answer_ThatBeginsInsideAToken_IsAcceptedFromItsFirstCharacter()
    {
        JsonElement row = Row("B050");
        using JsonDocument schema = JsonDocument.Parse(Find(row.GetProperty("input"), "schema"));
        ConstraintMatcher matcher = Compilers.Tiny.CompileJsonSchema(schema.RootElement).CreateMatcher();
        const string Answer = "{\"country\": \"Peru\", \"capital\": \"Lima\"}";

        int[] tokens = Compilers.TinyTokenizer.Encode(Answer, Engine.Tokenizers.AddedTokens.None);
        Assert.Contains(tokens[0], matcher.Allowed(Compilers.Tiny));
        Assert.All(
            matcher.Allowed(Compilers.Tiny), id => Assert.Equal((byte)'{', Compilers.TinyTokenizer.Bytes(id)[0]));
        foreach (int token in tokens)
            matcher.Accept(token);

        Assert.True(matcher.IsComplete);
    }

    // B064: one choice leaves one token at a time, and the mask of the others is what the sampler must bear.
    [Fact]
    public void Choice_OfOneText_AllowsItsBeginningsAlone()
    {
        ConstraintMatcher matcher = Compilers.Bytes.CompileChoice(["yes"]).CreateMatcher();

        foreach (byte value in "yes"u8.ToArray())
        {
            Assert.Equal([value], matcher.Allowed(Compilers.Bytes));
            Assert.False(matcher.CanEnd);
            matcher.Accept(value);
        }

        Assert.True(matcher.IsComplete);
        Assert.Empty(matcher.Allowed(Compilers.Bytes));
    }

    private static bool IsInString(List<byte> text)
    {
        bool isInside = false;
        for (int i = 0; i < text.Count; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                isInside = !isInside;
        }

        return isInside;
    }

    private static JsonElement Row(string id)
    {
        foreach (string line in File.ReadLines(SharedFiles.Golden("cases/cases.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (row.RootElement.GetProperty("id").GetString() == id)
                return row.RootElement.Clone();
        }

        throw new InvalidOperationException($"{id} is not in the file");
    }

    /// <summary>The first value of a name, at any depth.</summary>
    private static string Find(JsonElement value, string name)
    {
        var queue = new Queue<JsonElement>([value]);
        while (queue.TryDequeue(out JsonElement next))
        {
            if (next.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in next.EnumerateArray())
                    queue.Enqueue(item);
            }
            else if (next.ValueKind == JsonValueKind.Object)
            {
                if (next.TryGetProperty(name, out JsonElement found))
                    return found.GetRawText();
                foreach (JsonProperty property in next.EnumerateObject())
                    queue.Enqueue(property.Value);
            }
        }

        throw new InvalidOperationException($"{name} is not there");
    }
}
