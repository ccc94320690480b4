using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Fourteen.Server.Hosting;

/// <summary>The keys that requests may show. Comparing takes the same time whatever a request shows.</summary>
public sealed class KeyRing(IReadOnlyList<ApiKey> keys)
{
    private const string Bearer = "Bearer ";

    private readonly (string Name, byte[] Hash)[] _keys =
        [.. keys.Select(key => (key.Name, SHA256.HashData(Encoding.UTF8.GetBytes(key.Secret))))];

    /// <summary>Whether requests need a key.</summary>
    public bool IsLocked => _keys.Length > 0;

    /// <summary>The name of the key that a request shows.</summary>
    /// <exception cref="RequestException">It shows none, or none that is known.</exception>
    public string NameOf(HttpRequest request)
    {
        // OpenAI's and Ollama's clients send the first, Anthropic's the second.
        string shown = request.Headers[HeaderNames.Authorization].ToString();
        shown = shown.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? shown[Bearer.Length..].Trim()
            : request.Headers["x-api-key"].ToString();
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(shown));
        string? found = null;
        foreach ((string name, byte[] known) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, known))
                found = name;
        }

        return found ?? throw new RequestException(
            "authorization",
            shown.Length == 0
                ? "this server wants an API key, sent as \"Authorization: Bearer KEY\" or \"x-api-key: KEY\""
                : "the API key is not known here",
            FailureKind.Unauthorized);
    }
}
