using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>What a client has of an answer in the end, in one form for all dialects.</summary>
/// <param name="Calls">Name and arguments of each, the arguments as JSON text without white space where they are whole.
/// </param>
internal sealed record Joined(
    string Text, string Thought, IReadOnlyList<string> Calls, string? End, int Scored, int Tokens, bool HasNotices)
{
    public override string ToString() =>
        $"text={Text}|thought={Thought}|calls={string.Join(';', Calls)}|end={End}|scored={Scored}|tokens={Tokens}"
        + $"|notices={HasNotices}";

    internal static Joined OfWhole(string path, JsonNode whole) => path switch
    {
        "/v1/chat/completions" => OfOpenAi(whole, (JsonObject)whole["choices"]![0]!["message"]!),
        "/v1/completions" => new Joined(
            Str(whole["choices"]![0]!["text"]), "", [], Str(whole["choices"]![0]!["finish_reason"]),
            Count(whole["choices"]![0]!["logprobs"]?["tokens"]), (int)whole["usage"]!["completion_tokens"]!,
            whole["fourteen"] is not null),
        "/v1/messages" => OfAnthropic(whole),
        "/api/chat" or "/api/generate" => OfOllama([whole]),
        _ => OfLlama([whole]),
    };

    internal static Joined OfStream(string path, List<Frame> frames) => path switch
    {
        "/v1/chat/completions" => OfOpenAiStream(frames),
        "/v1/completions" => OfCompletionStream(frames),
        "/v1/messages" => OfAnthropicStream(frames),
        "/api/chat" or "/api/generate" => OfOllama([.. frames.Select(frame => frame.Json)]),
        _ => OfLlama([.. frames.Select(frame => frame.Json)]),
    };

    private static Joined OfOpenAi(JsonNode whole, JsonObject message) => new(
        Str(message["content"]), Str(message["reasoning_content"]),
        [
            .. Items(message["tool_calls"]).Select(
                call => Call(call["function"]!["name"], Str(call["function"]!["arguments"]))),
        ],
        Str(whole["choices"]![0]!["finish_reason"]), Count(whole["choices"]![0]!["logprobs"]?["content"]),
        (int)whole["usage"]!["completion_tokens"]!, whole["fourteen"] is not null);

    private static Joined OfOpenAiStream(List<Frame> frames)
    {
        Assert.Equal("[DONE]", frames[^1].Text);
        JsonNode[] chunks = [.. frames.SkipLast(1).Select(frame => frame.Json)];
        JsonNode[] choices = [.. chunks.SelectMany(chunk => Items(chunk["choices"]))];
        var names = new SortedDictionary<int, string>();
        var arguments = new SortedDictionary<int, string>();
        foreach (JsonNode call in choices.SelectMany(choice => Items(choice["delta"]!["tool_calls"])))
        {
            int index = (int)call["index"]!;
            if (call["function"]!["name"] is { } name)
                names[index] = Str(name);
            arguments[index] = arguments.GetValueOrDefault(index) + Str(call["function"]!["arguments"]);
        }

        return new Joined(
            string.Concat(choices.Select(choice => Str(choice["delta"]!["content"]))),
            string.Concat(choices.Select(choice => Str(choice["delta"]!["reasoning"]))),
            [.. names.Select(name => Call(name.Value, arguments[name.Key]))],
            Str(Assert.Single(choices, choice => choice["finish_reason"] is not null)["finish_reason"]),
            choices.Sum(choice => Count(choice["logprobs"]?["content"])),
            (int)chunks[^1]["usage"]!["completion_tokens"]!, chunks[^1]["fourteen"] is not null);
    }

    private static Joined OfCompletionStream(List<Frame> frames)
    {
        Assert.Equal("[DONE]", frames[^1].Text);
        JsonNode[] chunks = [.. frames.SkipLast(1).Select(frame => frame.Json)];
        JsonNode[] choices = [.. chunks.SelectMany(chunk => Items(chunk["choices"]))];
        return new Joined(
            string.Concat(choices.Select(choice => Str(choice["text"]))), "", [],
            Str(Assert.Single(choices, choice => choice["finish_reason"] is not null)["finish_reason"]),
            choices.Sum(choice => Count(choice["logprobs"]?["tokens"])),
            (int)chunks[^1]["usage"]!["completion_tokens"]!, chunks[^1]["fourteen"] is not null);
    }

    private static Joined OfAnthropic(JsonNode whole)
    {
        JsonNode[] blocks = [.. Items(whole["content"])];
        return new Joined(
            string.Concat(blocks.Select(block => Str(block["text"]))),
            string.Concat(blocks.Select(block => Str(block["thinking"]))),
            [.. blocks.Where(block => Str(block["type"]) == "tool_use")
                .Select(block => Call(block["name"], block["input"]!.ToJsonString()))],
            $"{whole["stop_reason"]} {whole["stop_sequence"]}", 0, (int)whole["usage"]!["output_tokens"]!,
            whole["fourteen"] is not null);
    }

    /// <summary>Reads as the SDKs do, block by block, and checks the order of events.</summary>
    private static Joined OfAnthropicStream(List<Frame> frames)
    {
        Assert.All(frames, frame => Assert.Equal(frame.Name, Str(frame.Json["type"])));
        Assert.Equal("message_start", frames[0].Name);
        Assert.Equal(["message_delta", "message_stop"], frames.TakeLast(2).Select(frame => frame.Name));
        JsonObject message = (JsonObject)frames[0].Json["message"]!.DeepClone();
        var content = (JsonArray)message["content"]!;
        var inputs = new Dictionary<int, StringBuilder>();
        int? open = null;
        foreach (Frame frame in frames.Skip(1).SkipLast(2).Where(frame => frame.Name != "ping"))
        {
            int index = (int)frame.Json["index"]!;
            switch (frame.Name)
            {
                case "content_block_start":
                    Assert.Null(open);
                    Assert.Equal(content.Count, index);
                    content.Add(frame.Json["content_block"]!.DeepClone());
                    open = index;
                    break;
                case "content_block_delta":
                    Assert.Equal(open, index);
                    Append((JsonObject)content[index]!, frame.Json["delta"]!, inputs, index);
                    break;
                default:
                    Assert.Equal("content_block_stop", frame.Name);
                    Assert.Equal(open, index);
                    open = null;
                    break;
            }
        }

        Assert.Null(open);
        JsonNode end = frames[^2].Json;
        message["stop_reason"] = end["delta"]!["stop_reason"]!.DeepClone();
        message["stop_sequence"] = end["delta"]!["stop_sequence"]?.DeepClone();
        message["usage"] = end["usage"]!.DeepClone();
        message["fourteen"] = end["fourteen"]?.DeepClone();
        Joined joined = OfAnthropic(message);
        // A call without a piece of arguments has none.
        IEnumerable<string> calls = content.Index().Where(block => Str(block.Item!["type"]) == "tool_use")
            .Select(block => Call(block.Item!["name"], inputs.GetValueOrDefault(block.Index)?.ToString() ?? "{}"));
        return joined with { Calls = [.. calls] };
    }

    private static void Append(JsonObject block, JsonNode delta, Dictionary<int, StringBuilder> inputs, int index)
    {
        switch (Str(delta["type"]))
        {
            case "text_delta":
                block["text"] = Str(block["text"]) + Str(delta["text"]);
                break;
            case "thinking_delta":
                block["thinking"] = Str(block["thinking"]) + Str(delta["thinking"]);
                break;
            case "signature_delta":
                block["signature"] = Str(delta["signature"]);
                break;
            default:
                Assert.Equal("input_json_delta", Str(delta["type"]));
                if (!inputs.TryGetValue(index, out StringBuilder? input))
                    inputs.Add(index, input = new StringBuilder());
                input.Append(Str(delta["partial_json"]));
                break;
        }
    }

    private static Joined OfOllama(JsonNode[] lines)
    {
        Assert.All(lines.SkipLast(1), line => Assert.False((bool)line["done"]!));
        Assert.True((bool)lines[^1]["done"]!);
        JsonNode[] messages = [.. lines.Select(line => line["message"] ?? line)];
        return new Joined(
            string.Concat(messages.Select(message => Str(message["content"] ?? message["response"]))),
            string.Concat(messages.Select(message => Str(message["thinking"]))),
            [.. messages.SelectMany(message => Items(message["tool_calls"])).Select(call =>
                Call(call["function"]!["name"], ((JsonObject)call["function"]!["arguments"]!).ToJsonString()))],
            Str(lines[^1]["done_reason"]), lines.Sum(line => Count(line["logprobs"])),
            (int)lines[^1]["eval_count"]!, lines[^1]["fourteen"] is not null);
    }

    private static Joined OfLlama(JsonNode[] pieces)
    {
        Assert.All(pieces.SkipLast(1), piece => Assert.False((bool)piece["stop"]!));
        Assert.True((bool)pieces[^1]["stop"]!);
        return new Joined(
            string.Concat(pieces.Select(piece => Str(piece["content"]))), "", [],
            $"{pieces[^1]["stop_type"]} {pieces[^1]["stopping_word"]}",
            pieces.Sum(piece => Count(piece["completion_probabilities"])), (int)pieces[^1]["tokens_predicted"]!,
            pieces[^1]["fourteen"] is not null);
    }

    private static string Call(JsonNode? name, string arguments) => Call(Str(name), arguments);

    private static string Call(string name, string arguments)
    {
        try
        {
            return $"{name}({JsonNode.Parse(arguments)!.ToJsonString()})";
        }
        catch (System.Text.Json.JsonException)
        {
            return $"{name}({arguments})";
        }
    }

    private static string Str(JsonNode? node) => node is null ? "" : node.GetValue<string>();

    private static int Count(JsonNode? array) => array is JsonArray items ? items.Count : 0;

    private static IEnumerable<JsonNode> Items(JsonNode? array) =>
        array is JsonArray items ? items.Select(item => item!) : [];
}
