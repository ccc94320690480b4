using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Server.Tests;

/// <summary>A call as a client of OpenAI's puts it together.</summary>
internal sealed record ChatCall(string Id, string Name, string Arguments);

/// <summary>One answer of /v1/chat/completions, streamed or not, as a client sees it.</summary>
internal sealed record ChatResult(
    string Content, string Reasoning, string? FinishReason, IReadOnlyList<ChatCall> Calls, JsonNode? Usage,
    HttpAnswer Answer)
{
    internal static ChatResult Of(HttpAnswer answer)
    {
        answer.With(200);
        return answer.IsStream ? OfStream(answer) : OfWhole(answer);
    }

    /// <summary>The text that a piece of chat or of a completion carries.</summary>
    internal static string TextOf(JsonNode piece)
    {
        if (piece["choices"] is not JsonArray { Count: > 0 } choices)
            return "";
        JsonNode choice = choices[0]!;
        return choice["text"]?.GetValue<string>() ?? choice["delta"]?["content"]?.GetValue<string>() ?? "";
    }

    private static ChatResult OfWhole(HttpAnswer answer)
    {
        JsonNode choice = Assert.Single(answer.Json["choices"]!.AsArray())!;
        JsonNode message = choice["message"]!;
        Assert.Equal("assistant", message["role"]!.GetValue<string>());
        string reasoning = Text(message, "reasoning_content");
        Assert.Equal(reasoning, Text(message, "reasoning"));
        return new ChatResult(
            Text(message, "content"), reasoning, choice["finish_reason"]!.GetValue<string>(),
            [
                .. (message["tool_calls"]?.AsArray() ?? []).Select(call => new ChatCall(
                    call!["id"]!.GetValue<string>(), call["function"]!["name"]!.GetValue<string>(),
                    call["function"]!["arguments"]!.GetValue<string>())),
            ],
            answer.Json["usage"], answer);
    }

    /// <summary>Puts pieces together as OpenAI's SDKs do, and holds them to what these rely on.</summary>
    private static ChatResult OfStream(HttpAnswer answer)
    {
        var (content, reasoning) = (new StringBuilder(), new StringBuilder());
        var calls = new List<(string Id, string Name, StringBuilder Arguments)>();
        string? reason = null;
        JsonNode? usage = null;
        foreach (JsonNode piece in answer.Events)
        {
            usage = piece["usage"] ?? usage;
            if (piece["choices"]!.AsArray() is not [{ } choice])
                continue;
            Assert.Null(reason); // Nothing of a choice comes behind its end.
            JsonNode delta = choice["delta"]!;
            content.Append(Text(delta, "content"));
            reasoning.Append(Text(delta, "reasoning_content"));
            Assert.Equal(Text(delta, "reasoning_content"), Text(delta, "reasoning"));
            foreach (JsonNode? call in delta["tool_calls"]?.AsArray() ?? [])
                Add(calls, call!);
            reason = choice["finish_reason"]?.GetValue<string>();
        }

        Assert.EndsWith("data: [DONE]\n\n", answer.Text, StringComparison.Ordinal);
        return new ChatResult(
            content.ToString(), reasoning.ToString(), reason,
            [.. calls.Select(call => new ChatCall(call.Id, call.Name, call.Arguments.ToString()))], usage, answer);
    }

    /// <summary>Id, type and name stand in a call's first piece alone; later ones have index and arguments.</summary>
    private static void Add(List<(string Id, string Name, StringBuilder Arguments)> calls, JsonNode piece)
    {
        int index = piece["index"]!.GetValue<int>();
        JsonObject function = piece["function"]!.AsObject();
        if (index == calls.Count)
        {
            Assert.Equal("function", piece["type"]!.GetValue<string>());
            calls.Add((piece["id"]!.GetValue<string>(), function["name"]!.GetValue<string>(), new StringBuilder()));
        }
        else
        {
            Assert.Equal(["index", "function"], piece.AsObject().Select(pair => pair.Key));
            Assert.Equal(["arguments"], function.Select(pair => pair.Key));
        }

        calls[index].Arguments.Append(function["arguments"]?.GetValue<string>());
    }

    private static string Text(JsonNode node, string name) => node[name]?.GetValue<string>() ?? "";
}
