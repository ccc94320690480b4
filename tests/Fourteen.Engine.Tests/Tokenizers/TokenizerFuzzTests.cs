using System.Text;
using Fourteen.Engine.Tokenizers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>
/// Broken tokenizer.json, tekken.json and tokenizer.model: each loads and turns texts into ids and back, or is refused.
/// </summary>
public sealed class TokenizerFuzzTests
{
    /// <summary>
    /// An id may lie below 2^20 in the smallest file, which costs up to 121 bytes an id: texts twice, kinds, ranks, and
    /// the tables of tokens and merges, which are half empty.
    /// </summary>
    private static readonly FuzzMemory Memory = new(128 << 20, PerByte: 200);

    private const string Text =
        "Hello <think> cafe\u0301 123\n\n  x<|im_end|> \u00e9\u1112\u1161\ud83d\ude00\ud800 hello";

    [Fact]
    public void FromTokenizerJson_BrokenFile_GivesResultOrOurException()
    {
        JsonMutator[] mutators =
        [
            new(Encoding.UTF8.GetBytes(SmallTokenizerJson.Rich().ToJsonString())),
            .. Seeds("tokenizer.json").Select(seed => new JsonMutator(seed)),
        ];
        FuzzRun.OverBytes(
            "tokenizer.json", Memory,
            random => mutators[random.Next(mutators.Length)].Next(random),
            input => Use(Tokenizer.FromTokenizerJson("tokenizer.json", input)));
    }

    [Fact]
    public void FromTekken_BrokenFile_GivesResultOrOurException()
    {
        JsonMutator[] mutators =
            [new(SmallTokenizerFiles.Tekken(listed: false)), new(SmallTokenizerFiles.Tekken(listed: true))];
        FuzzRun.OverBytes(
            "tekken.json", Memory,
            random => mutators[random.Next(mutators.Length)].Next(random),
            input => Use(Tokenizer.FromTekken("tekken.json", input)));
    }

    [Fact]
    public void FromSentencePiece_BrokenFile_GivesResultOrOurException()
    {
        ProtobufMutator[] mutators =
        [
            new(SmallTokenizerFiles.SentencePiece()),
            .. Seeds("tokenizer.model").Select(seed => new ProtobufMutator(seed)),
        ];
        FuzzRun.OverBytes(
            "tokenizer.model", Memory,
            random => mutators[random.Next(mutators.Length)].Next(random),
            input => Use(Tokenizer.FromSentencePiece("tokenizer.model", input)));
    }

    // "+" is base64, and "\u002B" is how some writers of JSON spell it.
    [Fact]
    public void FromTekken_EscapedBase64_IsRead()
    {
        string json = Encoding.UTF8.GetString(SmallTokenizerFiles.Tekken(listed: false));
        Assert.Contains("\\u002B", json, StringComparison.Ordinal);

        Tokenizer tokenizer = Tokenizer.FromTekken("tekken.json", Encoding.UTF8.GetBytes(json));

        Assert.Equal([0xfb], tokenizer.Bytes(16 + 0xfb).ToArray()); // 16 special tokens come first.
    }

    // The parser quotes the rest of the file after a misspelled literal.
    [Fact]
    public void FromTokenizerJson_MisspelledLiteral_GivesAShortMessage()
    {
        string json = SmallTokenizerJson.Rich().ToJsonString().Replace("false", "fal", StringComparison.Ordinal);

        string message = SmallTokenizerJson.Refused(json).Message;

        Assert.Contains("is an invalid JSON literal", message, StringComparison.Ordinal);
        Assert.True(message.Length < 1200, message);
    }

    /// <summary>The different files of this name beside the golden models.</summary>
    private static IEnumerable<byte[]> Seeds(string name)
    {
        string? root = SharedFiles.FindGolden("models");
        string[] folders = root is null ? [] : [.. Directory.GetDirectories(root).Order(StringComparer.Ordinal)];
        return folders.Select(folder => Path.Combine(folder, name)).Where(File.Exists).Select(File.ReadAllBytes)
            .DistinctBy(Convert.ToHexString);
    }

    private static void Use(Tokenizer tokenizer)
    {
        foreach (AddedTokens recognised in Enum.GetValues<AddedTokens>())
        {
            int[] ids = tokenizer.Encode(Text, recognised);
            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
            string text = tokenizer.Decode(ids, skipSpecial: true);
            Detokenizer detokenizer = tokenizer.CreateDetokenizer(skipSpecial: true);
            Assert.Equal(text, string.Concat(ids.Select(detokenizer.Append)) + detokenizer.Flush());
        }

        foreach (int? id in (int?[])[tokenizer.BosId, tokenizer.EosId, tokenizer.PadId, tokenizer.VocabularySize - 1])
        {
            if (id >= 0)
                tokenizer.Piece(id.Value);
        }
    }
}
