using System.Text;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Tokenizers;
using Xunit;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>What the golden rows cannot show: added tokens with options, long texts, threads, refusals.</summary>
public sealed class TokenizerTests
{
    [Fact]
    public void Encode_OfLoneSurrogates_TakesThemAsReplacementCharacters()
    {
        Tokenizer tokenizer = SmallTokenizerJson.Load(SmallTokenizerJson.Document());

        int[] ids = tokenizer.Encode("a\udc00b\ud800", AddedTokens.All);

        Assert.Equal(tokenizer.Encode("a\ufffdb\ufffd", AddedTokens.All), ids);
    }

    [Fact]
    public void Encode_OfAddedTokens_TakesTheLeftmostAndThereTheLongest()
    {
        var document = SmallTokenizerJson.Document();
        document["added_tokens"]!.AsArray().Add(SmallTokenizerJson.Added(300, "<a>"));
        document["added_tokens"]!.AsArray().Add(SmallTokenizerJson.Added(301, "<a><b>", special: true));
        document["added_tokens"]!.AsArray().Add(SmallTokenizerJson.Added(302, "b><c>"));
        Tokenizer tokenizer = SmallTokenizerJson.Load(document);

        Assert.Equal([301, '<', 'c', '>'], tokenizer.Encode("<a><b><c>", AddedTokens.All));
        Assert.Equal([300, '<', 302], tokenizer.Encode("<a><b><c>", AddedTokens.NotControl));
        Assert.Equal("<a>".Length, tokenizer.Encode("<a>", AddedTokens.None).Length);
        Assert.Equal(301, tokenizer.FindAddedToken("<a><b>"));
        Assert.Null(tokenizer.FindAddedToken("a"));
        Assert.Equal("<a>!", tokenizer.Decode([300, 301, '!'], skipSpecial: true));
    }

    [Fact]
    public void Encode_OfAddedTokensWithOptions_StripsAndRespectsWords()
    {
        var document = SmallTokenizerJson.Document();
        var left = SmallTokenizerJson.Added(300, "<l>");
        left["lstrip"] = true;
        var right = SmallTokenizerJson.Added(301, "<r>");
        right["rstrip"] = true;
        var word = SmallTokenizerJson.Added(302, "word");
        word["single_word"] = true;
        foreach (var token in new[] { left, right, word })
            document["added_tokens"]!.AsArray().Add(token);
        Tokenizer tokenizer = SmallTokenizerJson.Load(document);

        Assert.Equal(['a', 300, 'b'], tokenizer.Encode("a \n<l>b", AddedTokens.All));
        Assert.Equal(['a', 301, 'b'], tokenizer.Encode("a<r> \tb", AddedTokens.All));
        Assert.Equal([302, '.', 302], tokenizer.Encode("word.word", AddedTokens.All));
        Assert.Equal("swords_word".Length, tokenizer.Encode("swords_word", AddedTokens.All).Length);
    }

    [Fact]
    public void Encode_OfNormalizedAddedTokens_FindsThemAfterNormalization()
    {
        var document = SmallTokenizerJson.Document();
        var token = SmallTokenizerJson.Added(300, "é>");
        token["normalized"] = true;
        document["added_tokens"]!.AsArray().Add(token);
        document["added_tokens"]!.AsArray().Add(SmallTokenizerJson.Added(301, "è>"));
        Tokenizer tokenizer = SmallTokenizerJson.Load(document);

        Assert.Equal([300], tokenizer.Encode("e\u0301>", AddedTokens.All));
        Assert.Equal([0xC3, 0xA8, '>'], tokenizer.Encode("e\u0300>", AddedTokens.All));
    }

    // The two ways to merge (by search and by heap) must agree, so a long piece must equal plain merging done here.
    [Theory]
    [InlineData(1)]
    [InlineData(47)]
    [InlineData(48)]
    [InlineData(49)]
    [InlineData(1000)]
    public void Encode_OfOnePieceOfAnyLength_EqualsPlainMerging(int length)
    {
        var document = SmallTokenizerJson.Document();
        (string, string)[] merges =
            [("a", "b"), ("b", "a"), ("ab", "ab"), ("a", "a"), ("aa", "a"), ("abab", "aa"), ("b", "b")];
        SmallTokenizerJson.AddMerges(document, merges);
        Tokenizer tokenizer = SmallTokenizerJson.Load(document);
        var random = new Random(length);
        string text = string.Concat(Enumerable.Range(0, length).Select(_ => random.Next(2) == 0 ? 'a' : 'b'));

        List<string> expected = text.Select(character => character.ToString()).ToList();
        while (true)
        {
            int best = Enumerable.Range(0, Math.Max(0, expected.Count - 1))
                .Where(i => merges.Contains((expected[i], expected[i + 1])))
                .OrderBy(i => Array.IndexOf(merges, (expected[i], expected[i + 1]))).FirstOrDefault(-1);
            if (best < 0)
                break;
            expected[best] += expected[best + 1];
            expected.RemoveAt(best + 1);
        }

        Assert.Equal(expected, tokenizer.Encode(text, AddedTokens.All).Select(tokenizer.Piece));
    }

    [Fact]
    public void Encode_OfAMillionEqualCharacters_Ends()
    {
        var document = SmallTokenizerJson.Document();
        SmallTokenizerJson.AddMerges(document, ("a", "a"), ("aa", "aa"), ("aaaa", "aaaa"));
        Tokenizer tokenizer = SmallTokenizerJson.Load(document);

        int[] ids = tokenizer.Encode(new string('a', 1 << 20), AddedTokens.All);

        Assert.Equal((1 << 20) / 8, ids.Length);
        Assert.All(ids.Distinct(), id => Assert.Equal("aaaaaaaa", tokenizer.Piece(id)));
    }

    [Fact]
    public async Task Encode_OnManyThreads_GivesWhatOneGives()
    {
        Tokenizer tokenizer = Vocabularies.LoadFile("qwen3-tiny-chat");
        string[] texts = Enumerable.Range(0, 200)
            .Select(i => $"<|im_start|>user {i} caf\u0065\u0301 {new string('x', i)} <think>\n").ToArray();
        int[][] expected = texts.Select(text => tokenizer.Encode(text, AddedTokens.All)).ToArray();

        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), TestContext.Current.CancellationToken, (i, _) =>
        {
            int[] ids = tokenizer.Encode(texts[i % texts.Length], AddedTokens.All);
            Assert.Equal(expected[i % texts.Length], ids);
            return ValueTask.CompletedTask;
        });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(256)]
    public void Decode_OfAnIdOutsideTheVocabulary_NamesIt(int id)
    {
        Tokenizer tokenizer = SmallTokenizerJson.Load(SmallTokenizerJson.Document());

        var error = Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([65, id], false));

        Assert.Contains($"{id}", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.CreateDetokenizer(false).Append(id));
    }

    // Every way to cut and to break UTF-8: the parts must give what the whole gives.
    [Fact]
    public void Detokenizer_OnRandomBytes_EqualsDecode()
    {
        Tokenizer tokenizer = SmallTokenizerJson.Load(SmallTokenizerJson.Document());
        byte[] likely = [0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF];
        var random = new Random(14);
        for (int round = 0; round < 5000; round++)
        {
            int[] ids = new int[random.Next(12)];
            for (int i = 0; i < ids.Length; i++)
                ids[i] = likely[random.Next(likely.Length)];
            Detokenizer detokenizer = tokenizer.CreateDetokenizer(false);
            string streamed = string.Concat(ids.Select(detokenizer.Append)) + detokenizer.Flush();

            string expected = Encoding.UTF8.GetString(ids.Select(id => (byte)id).ToArray());
            Assert.Equal(expected, streamed);
            Assert.Equal(expected, tokenizer.Decode(ids, false));
        }
    }

    [Fact]
    public void FromGguf_OnTinyChat_ReadsIdsAndNormalizes()
    {
        Tokenizer gguf = Vocabularies.LoadFile("qwen3-tiny-chat/model.gguf");
        Tokenizer json = Vocabularies.LoadFile("qwen3-tiny-chat");

        Assert.Equal((742, 744, 742, false), (gguf.BosId, gguf.EosId, gguf.PadId, gguf.AddBos));
        Assert.Equal(768, gguf.VocabularySize);
        Assert.True(gguf.IsControl(744));
        Assert.False(gguf.IsControl(gguf.FindAddedToken("<think>")!.Value));
        string text = "Hello cafe\u0301 <think>\n1234<|im_end|>\n";
        Assert.Equal(json.Encode(text, AddedTokens.All), gguf.Encode(text, AddedTokens.All));
        Assert.Equal(gguf.Encode("caf\u00e9", AddedTokens.All), gguf.Encode("cafe\u0301", AddedTokens.All));
    }

    [Theory]
    [InlineData("tokenizer.ggml.model", "wordpiece", "wordpiece")]
    [InlineData("tokenizer.ggml.pre", "no-such", "no-such")]
    [InlineData("tokenizer.ggml.pre", null, "qwen2")]
    [InlineData("tokenizer.ggml.tokens", null, "missing")]
    [InlineData("tokenizer.ggml.merges", null, "missing")]
    [InlineData("tokenizer.ggml.eos_token_id", 3L, "below the number of tokens, 3")]
    [InlineData("tokenizer.ggml.merges", new[] { "ab" }, "a space between")]
    [InlineData("tokenizer.ggml.merges", new[] { "a c" }, "not in the vocabulary")]
    [InlineData("tokenizer.ggml.token_type", new[] { 1L, 1L }, "there are 2")]
    [InlineData("tokenizer.ggml.token_type", new[] { 1L, 1L, 9L }, "from 1 to 6")]
    public void FromGguf_OfABrokenKey_NamesKeyAndRule(string key, object? value, string rule)
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["tokenizer.ggml.model"] = "gpt2",
            ["tokenizer.ggml.pre"] = "qwen2",
            ["tokenizer.ggml.tokens"] = new[] { "a", "b", "ab" },
            ["tokenizer.ggml.token_type"] = new[] { 1L, 1L, 1L },
            ["tokenizer.ggml.merges"] = new[] { "a b" },
        };
        Assert.Equal([2], Tokenizer.FromGguf(new GgufMetadata("m.gguf", values)).Encode("ab", AddedTokens.All));
        values.Remove(key);
        if (value is not null)
            values[key] = value;

        var error = Assert.Throws<ModelFileException>(() => Tokenizer.FromGguf(new GgufMetadata("m.gguf", values)));

        Assert.StartsWith(key, error.Place, StringComparison.Ordinal);
        Assert.Contains(rule, error.Message, StringComparison.Ordinal);
    }
}
