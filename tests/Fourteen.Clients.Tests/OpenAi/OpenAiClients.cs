using System.ClientModel.Primitives;
using OpenAI;

namespace Fourteen.Clients.Tests.OpenAi;

/// <summary>How clients of the package OpenAI reach a server of ours.</summary>
internal static class OpenAiClients
{
    /// <summary>Without retries: a failure is told at once.</summary>
    public static OpenAIClientOptions Options(string address) => new()
    {
        Endpoint = new Uri($"{address}/v1"),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    };
}
