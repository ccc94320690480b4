using System.ClientModel;
using Fourteen.Server;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Models;

namespace Fourteen.Clients.Tests.OpenAi;

/// <summary>Embeddings, models and errors by the package OpenAI.</summary>
public sealed class OpenAiOtherTests(ServerFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Embeddings_OfTexts_AreVectorsOfLengthOne()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        var client = new EmbeddingClient(
            ServerFixture.Tiny, new ApiKeyCredential("none"), OpenAiClients.Options(host.Address));

        OpenAIEmbeddingCollection vectors = await client.GenerateEmbeddingsAsync(
            ["Hello", "Count to 6.", "Hello"], cancellationToken: Cancellation);

        Assert.Equal(3, vectors.Count);
        Assert.Equal(vectors[0].ToFloats(), vectors[2].ToFloats());
        Assert.NotEqual(vectors[0].ToFloats(), vectors[1].ToFloats());
        Assert.Equal(256, vectors[1].ToFloats().Length);
        Assert.Equal(1, vectors[1].ToFloats().ToArray().Sum(x => (double)x * x), 4);
        Assert.True(vectors.Usage.InputTokenCount >= 3);
    }

    [Fact]
    public async Task Models_AreListedAndDescribed()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        var client = new OpenAIModelClient(new ApiKeyCredential("none"), OpenAiClients.Options(host.Address));

        OpenAIModelCollection models = await client.GetModelsAsync(Cancellation);
        OpenAIModel model = await client.GetModelAsync(ServerFixture.Tiny, Cancellation);

        Assert.Equal([ServerFixture.Tiny, ServerFixture.Embedded], models.Select(item => item.Id));
        Assert.Equal(ServerFixture.Tiny, model.Id);
        Assert.Equal("fourteen", model.OwnedBy);
    }

    [Fact]
    public async Task Model_ThatIsNotThere_Is404WithTheNamesOfThoseThatAre()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        var chat = new ChatClient("gpt-4o", new ApiKeyCredential("none"), OpenAiClients.Options(host.Address));

        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(
            () => chat.CompleteChatAsync([new UserChatMessage("Hello")], null, Cancellation));

        Assert.Equal(404, refused.Status);
        Assert.Contains("model_not_found", refused.Message, StringComparison.Ordinal);
        Assert.Contains(ServerFixture.Tiny, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_ThatIsWrong_Is401AndTheRightOneAnswers()
    {
        ServerHost host = await servers.LockedAsync(Cancellation);
        var stranger = new ChatClient(
            ServerFixture.Tiny, new ApiKeyCredential("wrong"), OpenAiClients.Options(host.Address));
        var known = new ChatClient(
            ServerFixture.Tiny, new ApiKeyCredential(ServerFixture.Secret), OpenAiClients.Options(host.Address));

        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(
            () => stranger.CompleteChatAsync([new UserChatMessage("Hello")], null, Cancellation));
        ChatCompletion answer = await known.CompleteChatAsync(
            [new UserChatMessage(Questions.Capital)], new ChatCompletionOptions { Temperature = 0 }, Cancellation);

        Assert.Equal(401, refused.Status);
        Assert.Contains("invalid_api_key", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Questions.CapitalAnswer, Assert.Single(answer.Content).Text);
    }

    [Fact]
    public async Task Parameter_OutOfRange_Is400ThatNamesIt()
    {
        ServerHost host = await servers.OpenAsync(Cancellation);
        var chat = new ChatClient(
            ServerFixture.Tiny, new ApiKeyCredential("none"), OpenAiClients.Options(host.Address));

        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() => chat.CompleteChatAsync(
            [new UserChatMessage("Hello")], new ChatCompletionOptions { Temperature = -1 }, Cancellation));

        Assert.Equal(400, refused.Status);
        Assert.Contains("temperature", refused.Message, StringComparison.Ordinal);
    }
}
