using System.Text;
using System.Text.Json.Nodes;
using Fourteen.Engine.Tokenizers;
using Xunit;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>tokenizer.json is whatever somebody uploaded: it loads, or the error names the field.</summary>
public sealed class TokenizerJsonTests
{
    [Theory]
    [InlineData("normalizer", """{"type":"Lowercase"}""", "Lowercase")]
    [InlineData("pre_tokenizer", "null", "ByteLevel")]
    [InlineData("pre_tokenizer", """{"type":"Whitespace"}""", "Whitespace")]
    [InlineData("pre_tokenizer", """{"type":"ByteLevel"}""", "add_prefix_space")]
    [InlineData("pre_tokenizer",
        """{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated","invert":false}""", "\\w+")]
    [InlineData("pre_tokenizer",
        """{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"MergedWithNext","invert":false}""", "MergedWithNext")]
    [InlineData("decoder", """{"type":"WordPiece"}""", "WordPiece")]
    [InlineData("added_tokens", """[{"id":1}]""", "content")]
    [InlineData("added_tokens", """[{"id":-1,"content":"x"}]""", "id")]
    [InlineData("added_tokens", """[{"id":99999999,"content":"x"}]""", "id")]
    [InlineData("added_tokens", """[{"id":1,"content":""}]""", "content")]
    [InlineData("added_tokens", """[{"id":1,"content":"x","special":"yes"}]""", "special")]
    [InlineData("model.type", "\"Unigram\"", "Unigram")]
    [InlineData("model.vocab", """{"a":0,"b":0}""", "given to two")]
    [InlineData("model.vocab", """{"a":"0"}""", "whole number")]
    [InlineData("model.vocab", """{"a":1e9}""", "whole number")]
    [InlineData("model.merges", """[["a"]]""", "left")]
    [InlineData("model.merges", """["a"]""", "left")]
    [InlineData("model.merges", """[["a","qq"]]""", "not in the vocabulary")]
    [InlineData("model.dropout", "0.1", "dropout")]
    [InlineData("model.unk_token", "\"nowhere\"", "nowhere")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "suffix")]
    public void FromTokenizerJson_OfAnUnsupportedField_NamesItAndTheRule(string field, string json, string rule)
    {
        JsonObject document = SmallTokenizerJson.Document();
        string[] path = field.Split('.');
        JsonObject parent = path.Length == 1 ? document : document[path[0]]!.AsObject();
        parent[path[^1]] = JsonNode.Parse(json);

        ModelFileException error = SmallTokenizerJson.Refused(document);

        Assert.Contains(field, error.Message, StringComparison.Ordinal);
        Assert.Contains(rule, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{}{}")]
    [InlineData("""{"model":{"vocab":{"\ud800":0}}}""")]
    [InlineData("""{"model":{"vocab":{}},"model":{}}""")]
    public void FromTokenizerJson_OfADamagedFile_IsRefused(string json) => SmallTokenizerJson.Refused(json);

    [Fact]
    public void FromTokenizerJson_OfDeepNesting_IsRefused() =>
        SmallTokenizerJson.Refused("{\"normalizer\":" + new string('[', 100_000));

    [Fact]
    public void FromTokenizerJson_WithTheModelFirst_LoadsTheSame()
    {
        JsonObject document = SmallTokenizerJson.Document();
        SmallTokenizerJson.AddMerges(document, ("a", "b"), ("\u0120", "ab"));
        var reversed = new JsonObject();
        foreach ((string name, JsonNode? value) in document.Reverse())
            reversed.Add(name, value!.DeepClone());

        int[] ids = SmallTokenizerJson.Load(reversed).Encode("ab ab", AddedTokens.All);

        Assert.Equal([256, 257], ids);
        Assert.Equal(ids, SmallTokenizerJson.Load(document).Encode("ab ab", AddedTokens.All));
    }

    [Fact]
    public void FromTokenizerJson_WithATemplate_KnowsBos()
    {
        JsonObject document = SmallTokenizerJson.Document();
        document["added_tokens"]!.AsArray().Add(SmallTokenizerJson.Added(300, "<bos>", special: true));
        document["post_processor"] = JsonNode.Parse("""
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
            "single":[{"SpecialToken":{"id":"<bos>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}]}
            """);

        Tokenizer tokenizer = SmallTokenizerJson.Load(document);

        Assert.Equal(300, tokenizer.BosId);
        Assert.True(tokenizer.AddBos);
        Assert.Null(tokenizer.EosId);
        Assert.Equal([65], tokenizer.Encode("A", AddedTokens.All));
    }

    [Fact]
    public void FromTokenizerJson_WithIgnoreMergesAndUnknown_FollowsBoth()
    {
        JsonObject document = SmallTokenizerJson.Document();
        JsonObject model = document["model"]!.AsObject();
        model["vocab"]!.AsObject().Add("whole", 256);
        model["vocab"]!.AsObject().Remove("~");
        Assert.Equal([97], SmallTokenizerJson.Load(document).Encode("~a~", AddedTokens.All));

        model["ignore_merges"] = true;
        model["unk_token"] = "?";
        Tokenizer tokenizer = SmallTokenizerJson.Load(document);

        Assert.Equal([256], tokenizer.Encode("whole", AddedTokens.All));
        Assert.Equal(['?', 'a', '?'], tokenizer.Encode("~a~", AddedTokens.All));
    }
}
