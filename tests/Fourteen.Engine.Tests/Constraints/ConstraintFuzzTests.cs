using System.Text;
using System.Text.Json;
using Fourteen.Engine.Constraints;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>Broken schemas, patterns and grammars: each compiles and can be followed, or is refused.</summary>
public sealed class ConstraintFuzzTests
{
    /// <summary>
    /// The tables of expressions: at most 400,000 while compiling, about 150 bytes each, and sets of alternatives.
    /// </summary>
    private static readonly FuzzMemory Memory = new(512 << 20, PerByte: 1000);

    private const string Signs = "()[]{}|*+?^$\\.\"-,:=#<>!09az\n";

    private static readonly string[] _patterns =
    [
        "^[a-z]{2,5}(-[0-9]+)*$", "(a|b|[^c-e])+?x{3,}", "\\d{1,3}(\\.\\d{1,3}){3}", "^(?:a*)*b$|\\u00e9\\p{L}?",
        "(((a{1,10}){1,10}){1,10})", ".*foo.*bar[\\s\\S]{0,1000}", "[\\w.+-]+@[\\w-]+\\.[a-z]{2,}",
    ];

    private static readonly string[] _grammars =
    [
        "root ::= (expr \"=\" term \"\\n\")+\nexpr ::= term ([-+*/] term)*\nterm ::= [a-z]+ | \"(\" expr \")\"\n",
        "root ::= \"{\" (pair (\",\" pair)*)? \"}\"\npair ::= [a-z]{1,8} \":\" ([0-9]+ | root)\n# end\n",
    ];

    private static readonly string[] _schemas =
    [
        """
        {"$defs":{"n":{"type":"object","properties":{"v":{"type":["integer","null"],"minimum":-3},
        "next":{"$ref":"#/$defs/n"}},"required":["v"],"additionalProperties":false}},
        "anyOf":[{"$ref":"#/$defs/n"},{"type":"array","prefixItems":[{"const":1}],
        "items":{"enum":["a",2,{"b":[null]}]},"minItems":1,"maxItems":9}]}
        """,
        """
        {"type":"object","properties":{"a":{"type":"string","pattern":"^x[a-z]*$","minLength":2,"maxLength":8},
        "b":{"type":"number","exclusiveMinimum":0.5,"maximum":99,"multipleOf":0.25},"c":{"format":"date-time"}},
        "required":["b"],"patternProperties":{"^p":{"type":"integer"}},"propertyNames":{"maxLength":4},
        "minProperties":1,"maxProperties":6,"dependentRequired":{"a":["c"]},
        "if":{"properties":{"b":{"const":1}}},"then":{"required":["a"]},"not":{"required":["z"]}}
        """,
    ];

    [Fact]
    public void CompileJsonSchema_BrokenSchema_GivesResultOrOurException()
    {
        JsonMutator[] mutators = [.. _schemas.Select(schema => new JsonMutator(Encoding.UTF8.GetBytes(schema)))];
        FuzzRun.OverBytes(
            "schema", Memory, random => mutators[random.Next(mutators.Length)].Next(random), input =>
            {
                using JsonDocument schema = Parse(input);
                Follow(Compilers.Bytes.CompileJsonSchema(schema.RootElement));
            });
    }

    [Fact]
    public void CompileRegex_BrokenPattern_GivesResultOrOurException()
    {
        FuzzRun.Over(
            "pattern", Memory, random => Break(_patterns, random), text => text.Length,
            text => Follow(Compilers.Bytes.CompileRegex(text)));
    }

    [Fact]
    public void CompileGbnf_BrokenGrammar_GivesResultOrOurException()
    {
        FuzzRun.Over(
            "grammar", Memory, random => Break(_grammars, random), text => text.Length,
            text => Follow(Compilers.Bytes.CompileGbnf(text)));
    }

    private static JsonDocument Parse(byte[] input)
    {
        try
        {
            return JsonDocument.Parse(input, new JsonDocumentOptions { MaxDepth = 1000 });
        }
        catch (JsonException broken)
        {
            throw new RequestException("schema", ErrorText.Shorten(broken.Message, charsMax: 200));
        }
    }

    /// <summary>Doubles, moves, nests and changes parts of a text.</summary>
    private static string Break(string[] seeds, Random random)
    {
        string text = seeds[random.Next(seeds.Length)];
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            int start = random.Next(text.Length);
            int length = random.Next(1, Math.Min(12, text.Length - start) + 1);
            string part = text.Substring(start, length);
            text = random.Next(7) switch
            {
                0 => text.Remove(start, length),
                1 => text.Insert(random.Next(text.Length), part),
                2 => text.Insert(start, Signs[random.Next(Signs.Length)].ToString()),
                3 => text.Insert(start, string.Concat(Enumerable.Repeat(part, random.Next(1, 60)))),
                4 => text.Insert(start, new string('(', random.Next(300))) + new string(')', random.Next(300)),
                5 => text.Insert(start, $"{{{random.Next(3000)},{random.Next(2_000_000)}}}"),
                _ => text + seeds[random.Next(seeds.Length)],
            };
            if (text.Length == 0)
                return "x";
        }

        return text;
    }

    private static void Follow(CompiledConstraint constraint)
    {
        var random = new Random(1);
        ConstraintMatcher matcher = constraint.CreateMatcher();
        for (int i = 0; i < 12 && !matcher.IsComplete; i++)
        {
            List<int> allowed = matcher.Allowed(Compilers.Bytes);
            if (allowed.Count == 0)
                break;
            matcher.Accept(allowed[random.Next(allowed.Count)]);
        }
    }
}
