using System.Text.Json.Nodes;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Models;
using Fourteen.Engine.Tokenizers;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Requests;

/// <summary>From a request to its prompt: by the model's chat template, or as it was given. Any thread.</summary>
public sealed class PromptRenderer(LoadedModel model, TimeProvider clock)
{
    /// <summary>The ids of the prompt.</summary>
    /// <exception cref="RequestException">The model has no template, or no tokens for a gap.</exception>
    /// <exception cref="TemplateException">The template refuses the request.</exception>
    public int[] Encode(ChatRequest request)
    {
        if (request.Tokens is { } tokens)
            return [.. tokens];
        return request is { Suffix: { } suffix, Text: { } text }
            ? EncodeGap(text, suffix)
            : model.Text.EncodePrompt(Render(request));
    }

    /// <summary>The prompt's text as the template renders it, or as it was given.</summary>
    /// <inheritdoc cref="Encode"/>
    public string Render(ChatRequest request)
    {
        if (request.Text is not null)
            return request.Text;
        if (model.Text.Template is null)
        {
            throw new RequestException(
                "messages", $"{model.Path} has no chat template; give the prompt as plain text (--raw, or "
                + "/v1/completions)");
        }

        bool asText = TellsToolsByText(request);
        IEnumerable<ChatMessage> messages = asText ? WithToolsAsText(request) : request.Messages;
        var variables = new JsonObject
        {
            ["messages"] = new JsonArray([.. messages.Select(ToJson)]),
            ["add_generation_prompt"] = !request.ContinueFinalMessage,
            ["bos_token"] = model.Text.BosText,
            ["eos_token"] = model.Text.EosText,
        };
        if (request.Tools.Count > 0 && !asText && OffersTools(request))
            variables["tools"] = new JsonArray([.. request.Tools.Select(tool => tool.Json.DeepClone())]);
        if (request.Think is { } think)
            variables["enable_thinking"] = think;
        foreach ((string name, JsonNode? value) in request.TemplateVariables ?? [])
            variables[name] = value?.DeepClone();
        return model.Text.Template.Render(variables, clock.GetLocalNow(), request.ContinueFinalMessage);
    }

    /// <summary>Whether tools, or traces of them, go into the prompt as Hermes' text.</summary>
    public bool TellsToolsByText(ChatRequest request) =>
        model.Text.ToolCalls.NeedsSystemText
        && (request.Tools.Count > 0 || request.Messages.Any(m => m.Role == "tool" || m.ToolCalls.Count > 0));

    /// <summary>
    /// Whether the model hears of the tools though none may be called: where a call has a marker that can be kept out
    /// of the answer, the prompt stays that of other turns, and with it what the cache holds.
    /// </summary>
    private bool OffersTools(ChatRequest request) =>
        request.ToolChoice.Kind != ToolChoiceKind.None || model.Text.ToolCalls.Format.CallsEndThoughts;

    /// <summary>The conversation in which tools, calls and results are text of ordinary messages.</summary>
    private static List<ChatMessage> WithToolsAsText(ChatRequest request)
    {
        var messages = new List<ChatMessage>();
        foreach (ChatMessage message in request.Messages)
        {
            if (message.Role == "tool")
                AddResult(messages, HermesSystemText.ForResult(message.Content));
            else if (message.ToolCalls.Count > 0)
                messages.Add(message with { Content = WithCalls(message), ToolCalls = [] });
            else
                messages.Add(message);
        }

        if (request.Tools.Count == 0)
            return messages;
        string declarations = HermesSystemText.For([.. request.Tools.Select(tool => tool.Json.DeepClone())]);
        if (messages is [{ Role: "system" } system, ..])
            messages[0] = system with { Content = $"{system.Content}\n\n{declarations}" };
        else
            messages.Insert(0, new ChatMessage("system", declarations));
        return messages;
    }

    private static string WithCalls(ChatMessage message)
    {
        IEnumerable<string> calls = message.ToolCalls.Select(
            call => HermesSystemText.ForCall(call.Name, call.Arguments));
        return string.Join('\n', message.Content.Length > 0 ? calls.Prepend(message.Content) : calls);
    }

    /// <summary>Results that follow each other are one message, as templates want roles in turn.</summary>
    private static void AddResult(List<ChatMessage> messages, string result)
    {
        if (messages is [.., { Role: "user" } last]
            && last.Content.EndsWith("</tool_response>", StringComparison.Ordinal))
            messages[^1] = last with { Content = $"{last.Content}\n{result}" };
        else
            messages.Add(new ChatMessage("user", result));
    }

    /// <summary>Prefix, suffix, and then the middle, which is what the models were trained on.</summary>
    private int[] EncodeGap(string text, string suffix)
    {
        if (model.Text.GapTokens is not { } gap)
        {
            throw new RequestException(
                "suffix", $"{model.Path} has no tokens for filling a gap, such as <|fim_prefix|>; leave suffix out");
        }

        Tokenizer tokenizer = model.Text.Tokenizer;
        return
        [
            gap.Prefix, .. tokenizer.Encode(text, AddedTokens.None), gap.Suffix,
            .. tokenizer.Encode(suffix, AddedTokens.None), gap.Middle,
        ];
    }

    private static JsonNode ToJson(ChatMessage message)
    {
        var json = new JsonObject { ["role"] = message.Role, ["content"] = message.Content };
        if (message.Reasoning is not null)
            json["reasoning_content"] = message.Reasoning;
        if (message.Name is not null)
            json["name"] = message.Name;
        if (message.ToolCallId is not null)
            json["tool_call_id"] = message.ToolCallId;
        if (message.ToolCalls.Count > 0)
            json["tool_calls"] = new JsonArray([.. message.ToolCalls.Select(ToJson)]);
        return json;
    }

    /// <summary>A call in the form of OpenAI's API, which templates are written for.</summary>
    private static JsonNode ToJson(ToolCall call)
    {
        var json = new JsonObject
        {
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments?.DeepClone() },
        };
        if (call.Id is not null)
            json["id"] = call.Id;
        return json;
    }
}
