using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>A byte-level tokenizer.json made in the test: the 256 bytes, and what a test adds.</summary>
internal static class SmallTokenizerJson
{
    internal const string Qwen2Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
        + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The document, for a test to change; id of a byte = the byte.</summary>
    internal static JsonObject Document()
    {
        var vocabulary = new JsonObject();
        int other = 0x100;
        for (int value = 0; value < 256; value++)
        {
            bool visible = value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            vocabulary.Add(((char)(visible ? value : other++)).ToString(), value);
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["pre_tokenizer"] = Sequence(Split(Qwen2Pattern), ByteLevel(useRegex: false)),
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(),
            },
        };
    }

    /// <summary>The document with some of everything that is supported: merges, added tokens, a template.</summary>
    internal static JsonObject Rich()
    {
        JsonObject document = Document();
        AddMerges(document, ("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("\u0120", "hello"), ("1", "2"));
        document["pre_tokenizer"]!["pretokenizers"]!.AsArray().Insert(
            0, new JsonObject { ["type"] = "Digits", ["individual_digits"] = false });
        document["added_tokens"] = new JsonArray(
            Added(300, "<bos>", special: true), Added(301, "<think>"),
            new JsonObject { ["id"] = 302, ["content"] = " x", ["lstrip"] = true, ["rstrip"] = true },
            new JsonObject { ["id"] = 303, ["content"] = "y", ["single_word"] = true, ["normalized"] = true });
        document["post_processor"] = JsonNode.Parse("""
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
            "single":[{"SpecialToken":{"id":"<bos>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}]}
            """);
        JsonObject model = document["model"]!.AsObject();
        model["unk_token"] = "?";
        model["ignore_merges"] = true;
        return document;
    }

    internal static JsonObject Sequence(params JsonNode[] steps) =>
        new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(steps) };

    internal static JsonObject Split(string pattern) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = pattern },
        ["behavior"] = "Isolated",
        ["invert"] = false,
    };

    internal static JsonObject ByteLevel(bool useRegex) =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = useRegex };

    internal static JsonObject Added(int id, string content, bool special = false) =>
        new() { ["id"] = id, ["content"] = content, ["special"] = special };

    /// <summary>Adds tokens that merge from the two parts, in order of rank.</summary>
    internal static void AddMerges(JsonObject document, params (string Left, string Right)[] merges)
    {
        JsonObject vocabulary = document["model"]!["vocab"]!.AsObject();
        foreach ((string left, string right) in merges)
        {
            vocabulary.TryAdd(left + right, vocabulary.Count);
            document["model"]!["merges"]!.AsArray().Add(new JsonArray(left, right));
        }
    }

    internal static Tokenizer Load(JsonNode document) => Load(document.ToJsonString());

    internal static Tokenizer Load(string json) =>
        Tokenizer.FromTokenizerJson("test/tokenizer.json", Encoding.UTF8.GetBytes(json));

    /// <summary>The error that loading must give.</summary>
    internal static ModelFileException Refused(JsonNode document) => Refused(document.ToJsonString());

    internal static ModelFileException Refused(string json) =>
        Xunit.Assert.Throws<ModelFileException>(() => Load(json));
}
