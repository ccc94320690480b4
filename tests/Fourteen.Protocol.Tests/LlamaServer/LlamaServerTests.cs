using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects;
using Fourteen.Protocol.Dialects.LlamaServer;
using Xunit;

namespace Fourteen.Protocol.Tests.LlamaServer;

/// <summary>llama-server's own endpoints.</summary>
public sealed class LlamaServerTests
{
    private const string Path = "/completion";

    private const string Timings =
        "\"timings\":{\"cache_n\":4,\"prompt_n\":9,\"prompt_ms\":90,\"prompt_per_second\":100,\"predicted_n\":5,"
        + "\"predicted_ms\":80,\"predicted_per_second\":50,\"seed\":42}";

    [Fact]
    public void Stream_OfText_EndsWithThePieceThatSaysStop()
    {
        RequestDraft draft = Bodies.ReadWith(Path, """{"n_predict": 9, "temperature": 0.5, "stop": ["two"]}""");

        List<Frame> frames = DialectRun.Stream(Path, draft, EventScripts.All["stop string"]);

        Assert.Equal(
        [
            """{"index":0,"content":"One ","tokens":[],"stop":false}""",
            DialectRun.Line("""
                {"index":0,"content":"","tokens":[],"stop":true,"model":"tiny","tokens_predicted":5,
                "tokens_evaluated":13,
                "generation_settings":{"seed":42,"n_predict":9,"n_probs":0,"ignore_eos":false,"stream":false,
                "stop":["two"],
                "temperature":0.5},"prompt":"Hi","truncated":false,"stop_type":"word","stopping_word":"two",
                """)
            + "\"tokens_cached\":4," + Timings + "}",
        ], frames.Select(frame => frame.Text));
    }

    [Theory]
    [InlineData("text", "eos")]
    [InlineData("text cut off", "limit")]
    public async Task StopType_OfAnAnswer_IsLlamaServersWord(string script, string type)
    {
        JsonNode whole = await DialectRun.WholeAsync(Path, Bodies.ReadWith(Path, "{}"), EventScripts.All[script]);

        Assert.Equal((type, ""), ((string?)whole["stop_type"], (string?)whole["stopping_word"]));
    }

    [Fact]
    public void Ids_WithoutProbabilities_AreSentAlone()
    {
        RequestDraft draft = Bodies.ReadWith(Path, """{"return_tokens": true}""");

        List<Frame> frames = DialectRun.Stream(Path, draft, EventScripts.All["logprobs"]);

        Assert.Equal(0, draft.Chat.TopLogprobs);
        Assert.Equal(["[7]", "[8,9]", "[]"], frames.Select(frame => frame.Json["tokens"]!.ToJsonString()));
        Assert.All(frames, frame => Assert.Null(frame.Json["completion_probabilities"]));
    }

    [Fact]
    public void Probabilities_AreSentWithTheirText()
    {
        RequestDraft draft = Bodies.ReadWith(Path, """{"n_probs": 2}""");

        List<Frame> frames = DialectRun.Stream(Path, draft, EventScripts.All["logprobs"]);

        Assert.Equal(
            DialectRun.Line("""
                {"id":7,"token":"Hel","logprob":-0.25,"bytes":[72,101,108],"top_logprobs":[{"id":7,"token":"Hel",
                "logprob":-0.25,"bytes":[72,101,108]},{"id":3,"token":"�","logprob":-2.5,"bytes":[195]}]}
                """),
            DialectRun.Text(json => frames[0].Json["completion_probabilities"]![0]!.WriteTo(json)));
        Assert.Equal("[]", frames[0].Json["tokens"]!.ToJsonString());
    }

    [Fact]
    public void Infill_PutsExtraFilesAndPromptAroundThePrefix()
    {
        ChatRequest chat = Bodies.Read("/infill", """
            {"input_prefix": "int f(", "input_suffix": ") {}", "prompt": "int ",
             "input_extra": [{"filename": "a.h", "text": "A"}, {"text": "B"}]}
            """).Chat;

        Assert.Equal("\n\n--- snippet ---\n\na.h\nA\n\n--- snippet ---\n\nBint f(int ", chat.Text);
        Assert.Equal(") {}", chat.Suffix);
        Assert.False(chat.SeparateThought);
        Assert.Throws<RequestException>(() => Bodies.Read("/infill", "{}"));
    }

    [Fact]
    public void Tokenize_IsReadAndAnswered_WithPiecesWhereAskedFor()
    {
        (int, byte[])[] tokens = [(5, [0x48, 0x69]), (6, [0xC3])];
        RequestDraft plain = Bodies.ReadWith("/tokenize", "{}");
        RequestDraft pieces = Bodies.ReadWith(
            "/tokenize", """{"with_pieces": true, "add_special": true, "parse_special": false}""");

        Assert.Equal(("Hi", false, true), (plain.Chat.Text, plain.AddSpecial, plain.ParseSpecial));
        Assert.Equal((true, false), (pieces.AddSpecial, pieces.ParseSpecial));
        Assert.Equal(
            """{"tokens":[5,6]}""", DialectRun.Text(json => LlamaTokens.WriteTokens(plain, tokens, json)));
        Assert.Equal(
            """{"tokens":[{"id":5,"piece":"Hi"},{"id":6,"piece":[195]}]}""",
            DialectRun.Text(json => LlamaTokens.WriteTokens(pieces, tokens, json)));
    }

    [Fact]
    public void OtherQueries_AreReadAndAnswered()
    {
        Assert.Equal([1, 2], Bodies.ReadWith("/detokenize", """{"tokens": [1, 2]}""").Chat.Tokens);
        Assert.Equal([], Bodies.ReadWith("/detokenize", """{"tokens": []}""").Chat.Tokens);
        Assert.Equal("m", Bodies.ReadWith("/models/load", "{}").Chat.Model);
        Assert.Throws<RequestException>(() => Bodies.Read("/models/unload", "{}"));
        Assert.Equal("""{"content":"é"}""", DialectRun.Text(json => LlamaTokens.WriteText("é", json)));
        Assert.Equal("""{"prompt":"<p>"}""", DialectRun.Text(json => LlamaTokens.WritePrompt("<p>", json)));
        Assert.Equal("""{"success":true}""", DialectRun.Text(LlamaTokens.WriteSuccess));
    }
}
