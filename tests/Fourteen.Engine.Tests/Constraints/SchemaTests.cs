using Fourteen.Engine.Constraints;
using Xunit;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>Keywords of JSON Schema, alone and together.</summary>
public sealed class SchemaTests
{
    [Theory]
    [InlineData(
        """{"type":"number","minimum":-1.5,"exclusiveMaximum":20}""",
        "-1.5 -0.25 0 1.50 19.99",
        "-1.51 20 20.0 1e1 -2 00")]
    [InlineData("""{"type":"integer","exclusiveMinimum":-11,"maximum":120}""", "-10 0 9 99 120", "-11 121 1000 1.0 -0")]
    [InlineData("""{"type":"number","minimum":0.05,"maximum":0.5}""", "0.05 0.050 0.1 0.49 0.5", "0 0.04 0.51 1 5")]
    [InlineData("""{"type":"number","exclusiveMinimum":3}""", "3.0001 4 10", "3 3.0 2.9 -4")]
    [InlineData("""{"type":"number","maximum":-3}""", "-3 -3.5 -30", "-2 0 3")]
    [InlineData("""{"type":"number","multipleOf":0.25}""", "0 0.25 -1.5 7 1.750", "0.3 1.1 0.255")]
    [InlineData("""{"type":"integer","multipleOf":12,"minimum":30,"maximum":70}""", "36 48 60", "24 72 40")]
    [InlineData("""{"type":["integer","null"]}""", "1 -7 null", "1.5 \"1\" true")]
    [InlineData("""{"enum":[1,"a",null,[1,{"b":2}],2.50]}""", "1 \"a\" null [1,{\"b\":2}] 2.50", "2 \"b\" [1] {}")]
    [InlineData("""{"const":{"a":[1]}}""", "{\"a\":[1]}", "{} {\"a\":[2]}")]
    [InlineData(
        """{"type":"string","minLength":2,"maxLength":3}""",
        "\"ab\" \"a😀é\" \"\\n\\u00e9\"",
        "\"a\" \"abcd\" \"\\n\"")]
    [InlineData("""{"type":"string","maxLength":100000}""", "\"\" \"abc\"", "1")]
    [InlineData("""{"pattern":"^\\d+$","minLength":2,"enum":["1","12","a2",34]}""", "\"12\" 34", "\"1\" \"a2\" \"34\"")]
    [InlineData(
        """{"type":"string","format":"date-time","pattern":"Z$"}""",
        "\"2024-02-29T12:00:00Z\"",
        "\"2024-02-29T12:00:00+01:00\" \"2023-02-29T12:00:00Z\"")]
    [InlineData("""{"type":"string","format":"time"}""", "\"23:59:59.123+05:30\"", "\"24:00:00Z\" \"12:00:00\"")]
    [InlineData(
        """{"type":"string","format":"uuid"}""",
        "\"2eb8aa08-AA98-11ea-b4aa-73b441d16380\"",
        "\"2eb8aa08-aa98-11ea-b4aa\"")]
    [InlineData(
        """{"type":"string","format":"email"}""",
        "\"joe.bloggs@example.com\"",
        "\"joe\" \".a@b.de\" \"a@-b.de\"")]
    [InlineData("""{"type":"string","format":"ipv4"}""", "\"127.0.0.1\"", "\"256.0.0.1\" \"1.2.3\"")]
    public void Schema_OfScalars_AcceptsAndRejects(string schema, string accepted, string rejected)
    {
        Check(schema, accepted.Split(' '), rejected.Split(' '));
    }

    [Theory]
    [InlineData(
        """{"type":"array","prefixItems":[{"const":1},{"type":"string"}],"items":{"type":"boolean"},"minItem"""
        + """s":1,"maxItems":4}""",
        "[1] [1,\"a\"] [1,\"a\",true,false]",
        "[] [2] [1,2] [1,\"a\",1] [1,\"a\",true,true,true]")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":2}""", "[1,2] [1,2,3]", "[] [1] [1,\"a\"]")]
    [InlineData("""{"type":"array","items":false}""", "[]", "[1]")]
    [InlineData("""{"type":"array","uniqueItems":true,"maxItems":1}""", "[] [1]", "[1,1]")]
    [InlineData(
        """{"type":"object","properties":{"a":{},"b":{},"c":{}},"required":["b"],"additionalProperties":false"""
        + """}""",
        "{\"b\":1} {\"a\":1,\"b\":2} {\"a\":1,\"b\":2,\"c\":3} {\"b\":1,\"c\":2}",
        "{} {\"a\":1} {\"b\":1,\"a\":1} {\"b\":1,\"d\":1} {\"b\":1,}")]
    [InlineData(
        """{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":{"type":"integer"}}""",
        "{} {\"a\":null} {\"b\":1,\"c\":2} {\"a\":null,\"aa\":1} {\"\":1}",
        "{\"a\":1} {\"b\":null} {\"\\u0061\":1} {\"b\":1,\"a\":1}")]
    [InlineData(
        """{"type":"object","properties":{"a":{},"b":{},"c":{}},"additionalProperties":false,"minProperties":"""
        + """1,"maxProperties":2}""",
        "{\"a\":1} {\"b\":1,\"c\":2} {\"a\":1,\"c\":2}",
        "{} {\"a\":1,\"b\":2,\"c\":3}")]
    [InlineData(
        """{"type":"object","propertyNames":{"pattern":"^[a-z]+$","maxLength":3},"additionalProperties":{"typ"""
        + """e":"integer"}}""",
        "{} {\"abc\":1}",
        "{\"abcd\":1} {\"A\":1}")]
    [InlineData(
        """{"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"minimum":5}},"additionalPrope"""
        + """rties":false}""",
        "{\"x\":1} {\"xy\":7} {\"ay\":\"s\"} {\"ay\":5}",
        "{\"xy\":1} {\"x\":\"s\"} {\"a\":1} {\"ay\":4}")]
    [InlineData(
        """{"type":"object","properties":{"xa":{"maximum":9}},"patternProperties":{"^x":{"type":"integer"}}"""
        + ""","additionalProperties":false}""",
        "{\"xa\":7} {\"xb\":12}",
        "{\"xa\":12} {\"xa\":\"s\"}")]
    [InlineData(
        """{"type":"object","properties":{"a":{},"b":{}},"dependentRequired":{"a":["b"]},"additionalPropertie"""
        + """s":false}""",
        "{} {\"b\":1} {\"a\":1,\"b\":1}",
        "{\"a\":1}")]
    [InlineData(
        """{"type":"object","properties":{"k":{"enum":["a","b"]},"v":{}},"required":["k","v"],"additionalProp"""
        + """erties":false,"if":{"properties":{"k":{"const":"a"}}},"then":{"properties":{"v":{"type":"integer"}"""
        + """}},"else":{"properties":{"v":{"type":"string"}}}}""",
        "{\"k\":\"a\",\"v\":1} {\"k\":\"b\",\"v\":\"s\"}",
        "{\"k\":\"a\",\"v\":\"s\"} {\"k\":\"b\",\"v\":1}")]
    [InlineData(
        """{"oneOf":[{"type":"object","properties":{"t":{"const":"x"},"n":{"type":"integer"}},"required":"""
        + """["t","n"]},{"type":"object","properties":{"t":{"const":"y"}},"required":["t"]}]}""",
        "{\"t\":\"x\",\"n\":1} {\"t\":\"y\"}",
        "{\"t\":\"x\"} {\"t\":\"z\"} {}")]
    [InlineData(
        """{"allOf":[{"properties":{"a":{"minimum":3}},"required":["a"]},{"properties":{"a":{"type":"intege"""
        + """r","maximum":5}}}],"type":"object"}""",
        "{\"a\":3} {\"a\":5,\"b\":0}",
        "{\"a\":2} {\"a\":6} {\"a\":3.5} {}")]
    [InlineData(
        """{"$ref":"#/$defs/t","$defs":{"t":{"type":"array","items":{"$ref":"#/$defs/t"}}}}""",
        "[] [[],[[]]]",
        "[1] {}")]
    [InlineData(
        """{"$defs":{"a":{"$anchor":"here","type":"integer"}},"type":"array","items":{"$ref":"#here"}}""",
        "[1]",
        "[\"a\"]")]
    [InlineData("""{"not":{"type":"string"}}""", "1 null {}", "\"a\"")]
    [InlineData("""{"type":"string","not":{"enum":["a","b"]}}""", "\"c\" \"ab\" \"\"", "\"a\" \"b\" \"\\u0061\"")]
    [InlineData(
        """{"type":"object","properties":{"a\"b\n":{"const":1}},"required":["a\"b\n"],"additionalProperties":"""
        + """false}""",
        "{\"a\\\"b\\n\":1}",
        "{}")]
    public void Schema_OfContainers_AcceptsAndRejects(string schema, string accepted, string rejected)
    {
        Check(schema, accepted.Split(' '), rejected.Split(' '));
    }

    [Theory]
    [InlineData("""{"properties":{"a":{"uniqueItems":true}}}""", "/properties/a", "uniqueItems")]
    [InlineData("""{"contains":{"type":"integer"}}""", "", "contains")]
    [InlineData("""{"items":{"anyOf":[{"minLenght":2}]}}""", "/items/anyOf/0", "minLenght")]
    [InlineData("""{"type":"string","pattern":"(?=a)b"}""", "", "pattern")]
    [InlineData("""{"type":"string","format":"colour"}""", "", "format")]
    [InlineData("""{"$ref":"http://example.com/other.json"}""", "", "$ref")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "", "$ref")]
    [InlineData("""{"$ref":"#"}""", "", "$ref")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":2}]}""", "", "oneOf")]
    [InlineData("""{"not":{"type":"integer"}}""", "/not", "not")]
    [InlineData("""{"type":"strin"}""", "", "type")]
    [InlineData("""{"items":[{"type":"string"}]}""", "", "items")]
    [InlineData("""{"minLength":-1}""", "", "minLength")]
    [InlineData("""{"type":"object","minProperties":3}""", "", "minProperties")]
    [InlineData("""{"multipleOf":0.123456789}""", "", "multipleOf")]
    [InlineData("""{"nullable":true}""", "", "nullable")]
    [InlineData("""{"a~/b":1}""", "", "a~/b")]
    [InlineData("""{"properties":{"a/b":{"contains":{}}}}""", "/properties/a~1b", "contains")]
    [InlineData("""{"unevaluatedProperties":false,"allOf":[{"properties":{"a":{}}}]}""", "", "unevaluatedProperties")]
    public void Schema_ThatCannotBeEnforced_IsRefusedWithPointerAndKeyword(
        string schema, string pointer, string keyword)
    {
        var refused = Assert.Throws<ConstraintException>(() => Compilers.Schema(schema));

        Assert.Contains(refused.Problems, problem => problem.Place == pointer && problem.Keyword == keyword);
        Assert.All(refused.Problems, problem => Assert.NotEmpty(problem.Reason));
    }

    [Theory]
    [InlineData("false")]
    [InlineData("""{"type":"string","minLength":3,"maxLength":2}""")]
    [InlineData("""{"type":"string","pattern":"^a","enum":["b"]}""")]
    [InlineData("""{"type":"integer","minimum":1.2,"maximum":1.8}""")]
    [InlineData("""{"type":"integer","multipleOf":7,"minimum":1,"maximum":6}""")]
    [InlineData("""{"type":"object","properties":{"a":false},"required":["a"]}""")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""")]
    [InlineData("""{"type":"array","items":false,"minItems":1}""")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"integer"}]}""")]
    [InlineData("""{"enum":[]}""")]
    public void Schema_ThatNothingSatisfies_IsRefused(string schema)
    {
        var refused = Assert.Throws<ConstraintException>(() => Compilers.Schema(schema));

        Assert.Contains("satisfies", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_WithSeveralProblems_NamesThemAll()
    {
        var refused = Assert.Throws<ConstraintException>(() => Compilers.Schema(
            """{"properties":{"a":{"uniqueItems":true},"b":{"contains":{}},"c":{"format":"x"}},"minItems":-2}"""));

        Assert.Equal(
            ["minItems", "uniqueItems", "contains", "format"], refused.Problems.Select(problem => problem.Keyword));
    }

    [Fact]
    public void Schema_WithAFormatThatIsAnAnnotation_SaysSo()
    {
        CompiledConstraint constraint = Compilers.Schema("""{"properties":{"u":{"type":"string","format":"uri"}}}""");

        Assert.Contains("/properties/u", Assert.Single(constraint.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_OfManyOptionalProperties_Compiles()
    {
        string properties = string.Join(
            ',', Enumerable.Range(0, 300).Select(i => $"\"p{i}\":{{\"type\":\"integer\"}}"));
        CompiledConstraint constraint = Compilers.Schema(
            $$"""{"type":"object","properties":{{{properties}}},"additionalProperties":false}""");

        Assert.True(constraint.Accepts("{\"p0\":1,\"p17\":2,\"p299\":3}"));
        Assert.False(constraint.Accepts("{\"p17\":1,\"p0\":2}"));
    }

    // What a union of many tools or events looks like; each pair is compared.
    [Fact]
    public void OneOf_OfManyMembersToldApartByAConstant_Compiles()
    {
        const string Member =
            """{"type":"object","properties":{"kind":{"const":"kN"},"n":{"minimum":N}},"required":["kind"]}""";
        string members = string.Join(
            ',', Enumerable.Range(0, 60).Select(i => Member.Replace("N", $"{i}", StringComparison.Ordinal)));
        CompiledConstraint constraint = Compilers.Schema($$"""{"oneOf":[{{members}}]}""");

        Assert.True(constraint.Accepts("{\"kind\":\"k59\",\"n\":60}"));
        Assert.False(constraint.Accepts("{\"kind\":\"k59\",\"n\":58}"));
    }

    [Theory]
    [InlineData(300, 5)]
    [InlineData(60, 60)]
    public void Schema_OfReferencesInReferences_EndsWithAResultOrARefusal(int definitions, int width)
    {
        const string Both = """{"allOf":[{"$ref":"#/$defs/dX"},{"$ref":"#/$defs/dY"}]}""";
        IEnumerable<string> chain = Enumerable.Range(0, definitions).Select(i =>
        {
            IEnumerable<string> properties = Enumerable.Range(1, width).Select(j => $"\"p{j}\":" + Both
                .Replace("X", $"{(i + j) % definitions}", StringComparison.Ordinal)
                .Replace("Y", $"{i * j % definitions}", StringComparison.Ordinal));
            return $$$"""
                "d{{{i}}}":{"type":"object","properties":{ {{{string.Join(',', properties)}}} } }
                """;
        });
        string schema = $$"""{"$ref":"#/$defs/d0","$defs":{ {{string.Join(',', chain)}} } }""";
        var stack = new Thread(() => Record.Exception(() => Compilers.Schema(schema)), maxStackSize: 512 << 10);

        stack.Start();

        Assert.True(stack.Join(TimeSpan.FromSeconds(60)));
    }

    private static void Check(string schema, string[] accepted, string[] rejected)
    {
        CompiledConstraint constraint = Compilers.Schema(schema);

        Assert.All(accepted, text => Assert.True(constraint.Accepts(text), text));
        Assert.All(rejected, text => Assert.False(constraint.Accepts(text), text));
    }
}
