using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Microsoft.Extensions.AI;
using AIChatMessage = Microsoft.Extensions.AI.ChatMessage;
using ChatMessage = Fourteen.Protocol.Chat.ChatMessage;

namespace Fourteen.ExtensionsAI;

/// <summary>From Microsoft.Extensions.AI's messages and options to ours.</summary>
internal static class RequestMapping
{
    internal static ChatRequest ToRequest(IEnumerable<AIChatMessage> messages, ChatOptions? options)
    {
        options ??= new ChatOptions();
        IEnumerable<ChatMessage> instructions =
            options.Instructions is { Length: > 0 } text ? [new ChatMessage("system", text)] : [];
        return new ChatRequest
        {
            Model = options.ModelId,
            Messages = [.. instructions, .. messages.SelectMany(ToMessages)],
            Tools = [.. (options.Tools ?? []).Select(ToTool)],
            ToolChoice = ToChoice(options.ToolMode),
            ParallelToolCalls = options.AllowMultipleToolCalls ?? true,
            MaxTokens = options.MaxOutputTokens,
            Stop = [.. options.StopSequences ?? []],
            Constraint = ToConstraint(options.ResponseFormat),
            Think = options.Reasoning?.Effort is { } effort ? effort != ReasoningEffort.None : null,
            Sampling = new SamplingSettings
            {
                Temperature = options.Temperature,
                TopP = options.TopP,
                TopK = options.TopK,
                PresencePenalty = options.PresencePenalty,
                FrequencyPenalty = options.FrequencyPenalty,
                Seed = options.Seed is { } seed ? (ulong)seed : null,
            },
        };
    }

    /// <summary>One message of theirs may hold results of several tools, each of which is one of ours.</summary>
    private static IEnumerable<ChatMessage> ToMessages(AIChatMessage message)
    {
        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
            yield return ToResult(result);
        foreach (AIContent content in message.Contents)
        {
            if (content is DataContent or UriContent)
            {
                throw new RequestException(
                    "messages", $"a message holds {content.GetType().Name}, but the models here read text alone");
            }
        }

        FunctionCallContent[] calls = [.. message.Contents.OfType<FunctionCallContent>()];
        bool isResult = message.Contents.Count > 0 && message.Contents.All(content => content is FunctionResultContent);
        if (isResult)
            yield break;
        string thought = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(part => part.Text));
        yield return new ChatMessage(message.Role.Value, message.Text)
        {
            Reasoning = thought.Length > 0 ? thought : null,
            ToolCalls = [.. calls.Select(call => new ToolCall(call.CallId, call.Name, ToJson(call.Arguments)))],
        };
    }

    private static ChatMessage ToResult(FunctionResultContent content)
    {
        object? value = content is { Result: var result } ? result : null; // No task: what the function gave.
        return new ChatMessage("tool", TextOf(value)) { ToolCallId = content.CallId };
    }

    private static ToolDefinition ToTool(AITool tool) => tool is AIFunctionDeclaration function
        ? ToolDefinition.Create(
            function.Name, function.Description, JsonNode.Parse(function.JsonSchema.GetRawText()), strict: false)
        : throw new RequestException(
            "tools", $"the tool {tool.Name} is a {tool.GetType().Name}; the models here call functions alone");

    private static ToolChoice ToChoice(ChatToolMode? mode) => mode switch
    {
        NoneChatToolMode => new ToolChoice(ToolChoiceKind.None),
        RequiredChatToolMode { RequiredFunctionName: { } name } => new ToolChoice(ToolChoiceKind.Named, name),
        RequiredChatToolMode => new ToolChoice(ToolChoiceKind.Required),
        _ => ToolChoice.Auto,
    };

    private static OutputConstraint? ToConstraint(ChatResponseFormat? format) => format switch
    {
        ChatResponseFormatJson { Schema: { } schema } =>
            new JsonSchemaConstraint(JsonNode.Parse(schema.GetRawText()) ?? new JsonObject()),
        ChatResponseFormatJson => new JsonObjectConstraint(),
        _ => null,
    };

    /// <summary>A call's arguments by name, from an object or its text; empty where they are none.</summary>
    /// <exception cref="RequestException">They are neither.</exception>
    internal static Dictionary<string, object?> ToArguments(JsonNode? arguments)
    {
        if (arguments is JsonValue value && value.TryGetValue(out string? text))
            return ToArguments(text);
        return arguments is null ? [] : ToArguments(arguments.ToJsonString());
    }

    /// <summary>A call's arguments by name, from the text of a JSON object; empty where it is empty.</summary>
    /// <exception cref="RequestException">It is no JSON object.</exception>
    internal static Dictionary<string, object?> ToArguments(string text)
    {
        var values = new Dictionary<string, object?>();
        if (string.IsNullOrWhiteSpace(text))
            return values;
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty member in json.RootElement.EnumerateObject())
                    values[member.Name] = member.Value.Clone();
                return values;
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw new RequestException("tool_calls", $"a call's arguments must be a JSON object, found {text}");
    }

    internal static JsonObject ToJson(IDictionary<string, object?>? arguments)
    {
        var json = new JsonObject();
        foreach ((string name, object? value) in arguments ?? new Dictionary<string, object?>())
            json[name] = ToNode(value);
        return json;
    }

    private static string TextOf(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString()!, // A string by its kind.
        _ => ToNode(result)?.ToJsonString() ?? "null",
    };

    private static JsonNode? ToNode(object? value) => value switch
    {
        null => null,
        JsonNode node => node.DeepClone(),
        JsonElement element => JsonNode.Parse(element.GetRawText()),
        _ => JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType())),
    };
}
