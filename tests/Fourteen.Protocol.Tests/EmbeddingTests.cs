using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;
using Fourteen.Protocol.Dialects.Ollama;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Embeddings;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>Embeddings of OpenAI's and Ollama's API.</summary>
public sealed class EmbeddingTests
{
    private static readonly EmbeddingAnswer Answer = new(
        [[0.5f, -0.25f], [0.1f, 1e-10f]], 7, TimeSpan.FromMilliseconds(3));

    [Theory]
    [InlineData("\"a\"", "a")]
    [InlineData("[\"a\", \"b\"]", "a|b")]
    [InlineData("[1, 2]", "1,2")]
    [InlineData("[[1, 2], \"c\"]", "1,2|c")]
    public void Input_IsATextIdsOrSeveral(string input, string expected)
    {
        foreach (string path in (string[])["/v1/embeddings", "/api/embed"])
        {
            EmbeddingRequest request = Bodies.Read(path, $"{{\"model\": \"m\", \"input\": {input}}}").Embedding;
            Assert.Equal(expected, string.Join(
                '|', request.Inputs.Select(one => one.Text ?? string.Join(',', one.Tokens!))));
            Assert.Equal(("m", false, true), (request.Model, request.Truncate, request.Normalize));
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[[]]")]
    [InlineData("[\"a\", 1]")]
    [InlineData("[1, \"a\"]")]
    [InlineData("{}")]
    [InlineData("null")]
    public void Input_OfNothingOrOfAMixture_IsRefused(string input)
    {
        Assert.StartsWith("input", Assert.Throws<RequestException>(
            () => Bodies.Read("/v1/embeddings", $"{{\"input\": {input}}}")).Parameter, StringComparison.Ordinal);
    }

    [Fact]
    public void Dimensions_AreRefused_AndPoolingIsRead()
    {
        Assert.Throws<RequestException>(() => Bodies.ReadWith("/v1/embeddings", """{"dimensions": 5}"""));
        Assert.Equal(
            EmbeddingPooling.Last, Bodies.ReadWith("/v1/embeddings", """{"pooling": "last"}""").Embedding.Pooling);
        EmbeddingRequest old = Bodies.ReadWith("/api/embeddings", "{}").Embedding;
        Assert.Equal(("Hi", false), (Assert.Single(old.Inputs).Text, old.Normalize));
    }

    [Fact]
    public void OpenAisAnswer_HasNumbersOrBase64()
    {
        RequestDraft numbers = Bodies.ReadWith("/v1/embeddings", "{}");
        RequestDraft base64 = Bodies.ReadWith("/v1/embeddings", """{"encoding_format": "base64"}""");

        Assert.Equal(
            DialectRun.Line("""
                {"object":"list","model":"tiny","data":[{"object":"embedding","index":0,"embedding":[0.5,-0.25]},
                {"object":"embedding","index":1,"embedding":[0.1,1E-10]}],"usage":{"prompt_tokens":7,"total_tokens":7}}
                """),
            DialectRun.Text(json => OpenAiEmbeddings.WriteAnswer(numbers, Answer, DialectRun.Header, json)));
        JsonNode encoded = DialectRun.Json(
            json => OpenAiEmbeddings.WriteAnswer(base64, Answer, DialectRun.Header, json));
        byte[] bytes = Convert.FromBase64String((string)encoded["data"]![1]!["embedding"]!);
        Assert.Equal([0.1f, 1e-10f], [BitConverter.ToSingle(bytes, 0), BitConverter.ToSingle(bytes, 4)]);
    }

    [Fact]
    public void OllamasAnswers_HaveTheirForms()
    {
        ResponseHeader header = DialectRun.Header with { LoadTime = TimeSpan.FromMilliseconds(2) };

        Assert.Equal(
            DialectRun.Line("""
                {"model":"tiny","embeddings":[[0.5,-0.25],[0.1,1E-10]],"total_duration":5000000,
                "load_duration":2000000,"prompt_eval_count":7}
                """),
            DialectRun.Text(json => OllamaEmbeddings.WriteAnswer(Answer, header, json)));
        Assert.Equal(
            """{"embedding":[0.5,-0.25]}""",
            DialectRun.Text(json => OllamaEmbeddings.WriteLegacyAnswer(Answer, json)));
    }
}
