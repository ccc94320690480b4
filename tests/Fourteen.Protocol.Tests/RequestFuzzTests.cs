using System.Text;
using System.Text.Json;
using Fourteen.Protocol.Dialects;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>Broken bodies give a draft or a <see cref="RequestException"/>, and nothing else.</summary>
public sealed class RequestFuzzTests
{
    /// <summary>A rich body for each kind of endpoint; what an endpoint does not know it notes.</summary>
    private const string Seed = """
        {"model": "m", "max_tokens": 4096, "stream": true, "stream_options": {"include_usage": true}, "n": 2,
         "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi \ud83d\ude00"}]},
          {"role": "assistant", "content": "A", "tool_calls": [{"id": "c", "type": "function",
           "function": {"name": "f", "arguments": {"a": 1}}}]},
          {"role": "user", "content": "Bye"}],
         "tools": [{"type": "function", "name": "f", "input_schema": {"type": "object"},
          "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}}],
         "options": {"num_ctx": 4096, "temperature": 0.5, "stop": ["x"], "mirostat": 2, "mirostat_tau": 3},
         "logit_bias": {"5": -100, "6": 1.5}, "stop": ["a", "b"], "temperature": 1, "top_p": 0.9, "seed": 5,
         "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}},
         "chat_template_kwargs": {"enable_thinking": true, "x": [1]}, "keep_alive": "5m",
         "input": ["a", [1, 2]], "prompt": "P", "content": "C", "tokens": [1, 2, 3], "input_prefix": "p",
         "input_suffix": "s", "input_extra": [{"filename": "f", "text": "t"}]}
        """;

    private const string AnthropicSeed = """
        {"model": "m", "max_tokens": 4096, "system": [{"type": "text", "text": "S"}],
         "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]},
          {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": ""},
           {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]},
          {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "R", "is_error": true},
           {"type": "text", "text": "B"}]}],
         "tools": [{"name": "f", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}}],
         "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
         "thinking": {"type": "enabled", "budget_tokens": 2048}, "stop_sequences": ["x"], "temperature": 0.5,
         "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}}}
        """;

    /// <summary>A body is read into trees, and a message is at most a few hundred characters.</summary>
    private static readonly FuzzMemory Memory = new(Fixed: 4 << 20, PerByte: 200);

    public static TheoryData<string> Dialects =>
        [.. DialectTable.Endpoints.Select(endpoint => endpoint.Dialect.Name).Distinct()];

    [Theory, MemberData(nameof(Dialects))]
    public void Body_ThatIsBroken_GivesADraftOrARequestException(string dialect)
    {
        (string Path, JsonMutator Mutator)[] endpoints = [.. PathsOf(dialect).Select(path => (path, MutatorOf(path)))];

        FuzzRun.Over(
            dialect, Memory,
            random =>
            {
                (string path, JsonMutator mutator) = endpoints[random.Next(endpoints.Length)];
                return (Path: path, Body: mutator.Next(random));
            },
            input => input.Body.Length, input => DraftText.Of(Bodies.Read(input.Path, input.Body)));
    }

    /// <summary>Bodies with keys that occur twice and with more depth than the server's own parser takes.</summary>
    [Theory, MemberData(nameof(Dialects))]
    public void Element_ThatWasParsedWithoutLimits_IsCheckedToo(string dialect)
    {
        var lenient = new JsonDocumentOptions { MaxDepth = 1000, AllowTrailingCommas = true };
        foreach (string path in PathsOf(dialect))
        {
            JsonMutator mutator = MutatorOf(path);
            for (int seed = 0; seed < 300; seed++)
            {
                Exception? fault = Record.Exception(() =>
                {
                    using JsonDocument document = JsonDocument.Parse(mutator.Next(new Random(seed)), lenient);
                    return DraftText.Of(Bodies.Endpoint(path).Read(document.RootElement));
                });
                Assert.True(fault is null or RequestException or JsonException, $"{path}, seed {seed}: {fault}");
            }
        }
    }

    [Theory]
    [InlineData("\"text\"")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    public void Body_ThatIsNoObject_IsRefused(string json)
    {
        foreach (string path in Bodies.Paths)
        {
            var refused = Assert.Throws<RequestException>(() => Bodies.Read(path, json));
            Assert.StartsWith("the body must be an object", refused.Message, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> PathsOf(string dialect) =>
        DialectTable.Endpoints.Where(endpoint => endpoint.Dialect.Name == dialect)
            .DistinctBy(endpoint => endpoint.Fields).Select(endpoint => endpoint.Path);

    private static JsonMutator MutatorOf(string path) => new(Encoding.UTF8.GetBytes(SeedFor(path)));

    /// <summary>Without what this endpoint refuses, so that most changes reach the readers.</summary>
    private static string SeedFor(string path) => path switch
    {
        "/v1/chat/completions" or "/apply-template" => Seed,
        "/v1/embeddings" or "/api/embed" => """{"model": "m", "input": ["a", [1, 2]], "options": {"num_ctx": 5}}""",
        "/completion" or "/infill" or "/v1/completions" =>
            Seed.Replace("\"n\": 2,", "").Replace("\"stream_options\": {\"include_usage\": true},", ""),
        "/v1/messages" or "/v1/messages/count_tokens" => AnthropicSeed,
        "/api/chat" => Seed.Replace("[{\"type\": \"text\", \"text\": \"Hi \\ud83d\\ude00\"}]", "\"\\ud83d\\ude00\""),
        _ => Seed,
    };
}
