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

    public static TheoryData<string> Paths => [.. Bodies.Paths];

    [Theory, MemberData(nameof(Paths))]
    public void Body_ThatIsBroken_GivesADraftOrARequestException(string path)
    {
        bool isAnthropic = path.StartsWith("/v1/messages", StringComparison.Ordinal);
        string seed = isAnthropic ? AnthropicSeed : SeedFor(path);
        var mutator = new JsonMutator(Encoding.UTF8.GetBytes(seed));

        FuzzRun.OverBytes(path, Memory, mutator.Next, bytes => DraftText.Of(Bodies.Read(path, bytes)));
    }

    [Theory, MemberData(nameof(Paths))]
    public void Element_ThatWasParsedWithoutLimits_IsCheckedToo(string path)
    {
        var mutator = new JsonMutator(Encoding.UTF8.GetBytes(SeedFor(path)));
        var lenient = new JsonDocumentOptions { MaxDepth = 200_000, AllowTrailingCommas = true };
        for (int seed = 0; seed < 300; seed++)
        {
            byte[] bytes = mutator.Next(new Random(seed));
            JsonDocument document;
            try
            {
                document = JsonDocument.Parse(bytes, lenient);
            }
            catch (JsonException)
            {
                continue;
            }

            using (document)
            {
                Exception? fault = Record.Exception(() =>
                    DraftText.Of(Bodies.Endpoint(path).Read(document.RootElement)));
                Assert.True(fault is null or RequestException, $"{path}, seed {seed}: {fault}");
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

    /// <summary>Without what this endpoint refuses, so that most changes reach the readers.</summary>
    private static string SeedFor(string path) => path switch
    {
        "/v1/chat/completions" or "/apply-template" => Seed,
        "/v1/embeddings" or "/api/embed" => """{"model": "m", "input": ["a", [1, 2]], "options": {"num_ctx": 5}}""",
        "/completion" or "/infill" or "/v1/completions" =>
            Seed.Replace("\"n\": 2,", "").Replace("\"stream_options\": {\"include_usage\": true},", ""),
        "/api/chat" => Seed.Replace("[{\"type\": \"text\", \"text\": \"Hi \\ud83d\\ude00\"}]", "\"\\ud83d\\ude00\""),
        _ => Seed,
    };
}
