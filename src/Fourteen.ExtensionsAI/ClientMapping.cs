using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Failures;
using Microsoft.Extensions.AI;
using AIChatMessage = Microsoft.Extensions.AI.ChatMessage;
using ChatMessage = Fourteen.Protocol.Chat.ChatMessage;

namespace Fourteen.ExtensionsAI;

/// <summary>From our requests to Microsoft.Extensions.AI's messages and options.</summary>
internal static class ClientMapping
{
    /// <summary>
    /// What a request may ask for and <see cref="ChatOptions"/> has no word for. Priority, tenant and cache are matters
    /// of an engine of ours; they change no answer and are no part of the list.
    /// </summary>
    private static readonly (string Name, Func<ChatRequest, bool> IsAsked)[] Unknown =
    [
        ("prompt", request => request.Text is not null || request.Tokens is not null),
        ("suffix", request => request.Suffix is not null),
        ("thinking_token_budget", request => request.ThinkBudget is > 0),
        ("max_think_ms", request => request.ThinkTimeMax is not null),
        ("min_answer_tokens", request => request.MinAnswerTokens is not null),
        ("separate_reasoning", request => !request.SeparateThought),
        ("chat_template_kwargs", request => request.TemplateVariables is not null),
        ("continue_final_message", request => request.ContinueFinalMessage),
        ("min_tokens", request => request.MinTokens > 0),
        ("stop_token_ids", request => request.StopTokens.Count > 0),
        ("include_stop_str_in_output", request => request.IncludeStop),
        ("ignore_eos", request => request.IgnoreEnd),
        ("logprobs", request => request.TopLogprobs is not null),
        ("prompt_logprobs", request => request.PromptLogprobs is not null),
        ("n", request => request.Choices != 1),
        ("context_overflow", request => request.ContextOverflow != ContextOverflow.Error),
        ("num_ctx", request => request.ContextMax is not null),
        ("min_p", request => request.Sampling.MinP is not null),
        ("typical_p", request => request.Sampling.TypicalP is not null),
        ("top_n_sigma", request => request.Sampling.TopNSigma is not null),
        ("repetition_penalty", request => request.Sampling.RepetitionPenalty is not null),
        ("mirostat_tau", request => request.Sampling.MirostatTau is not null),
        ("mirostat_eta", request => request.Sampling.MirostatEta is not null),
        ("logit_bias", request => request.Sampling.LogitBias is not null),
    ];

    /// <exception cref="RequestException">The request asks for what the other side has no word for.</exception>
    internal static (List<AIChatMessage> Messages, ChatOptions Options) ToClient(ChatRequest request)
    {
        foreach ((string name, Func<ChatRequest, bool> isAsked) in Unknown)
        {
            if (isAsked(request))
                throw new RequestException(name, $"{name} cannot be asked of a chat client; leave it out");
        }

        SamplingSettings sampling = request.Sampling;
        var options = new ChatOptions
        {
            ModelId = request.Model,
            Temperature = (float?)sampling.Temperature,
            TopP = (float?)sampling.TopP,
            TopK = sampling.TopK,
            PresencePenalty = (float?)sampling.PresencePenalty,
            FrequencyPenalty = (float?)sampling.FrequencyPenalty,
            Seed = sampling.Seed is { } seed ? unchecked((long)seed) : null,
            MaxOutputTokens = request.MaxTokens,
            StopSequences = request.Stop.Count > 0 ? [.. request.Stop] : null,
            ResponseFormat = ToFormat(request.Constraint),
            Reasoning = ToReasoning(request),
        };
        if (request.Tools.Count > 0)
        {
            options.Tools = [.. request.Tools.Select(ToTool)];
            options.ToolMode = ToMode(request.ToolChoice);
            options.AllowMultipleToolCalls = request.ParallelToolCalls;
        }

        return ([.. request.Messages.Select(ToMessage)], options);
    }

    private static AIChatMessage ToMessage(ChatMessage message)
    {
        var contents = new List<AIContent>();
        if (message.Role == "tool")
            return new AIChatMessage(
                ChatRole.Tool, [new FunctionResultContent(message.ToolCallId ?? "", message.Content)]);
        if (message.Reasoning is { } thought)
            contents.Add(new TextReasoningContent(thought));
        if (message.Content.Length > 0 || message.ToolCalls.Count == 0)
            contents.Add(new TextContent(message.Content));
        foreach (ToolCall call in message.ToolCalls)
            contents.Add(new FunctionCallContent(call.Id ?? "", call.Name, RequestMapping.ToArguments(call.Arguments)));
        return new AIChatMessage(new ChatRole(message.Role), contents) { AuthorName = message.Name };
    }

    private static AIFunctionDeclaration ToTool(ToolDefinition tool) => AIFunctionFactory.CreateDeclaration(
        tool.Name,
        (tool.Json["function"] as JsonObject)?["description"]?.GetValue<string>(),
        ToElement(tool.Parameters ?? new JsonObject { ["type"] = "object" }));

    private static ChatToolMode ToMode(ToolChoice choice) => choice.Kind switch
    {
        ToolChoiceKind.None => ChatToolMode.None,
        ToolChoiceKind.Required => ChatToolMode.RequireAny,
        ToolChoiceKind.Named => ChatToolMode.RequireSpecific(choice.Name ?? ""),
        _ => ChatToolMode.Auto,
    };

    private static ChatResponseFormat? ToFormat(OutputConstraint? constraint) => constraint switch
    {
        null => null,
        JsonObjectConstraint => ChatResponseFormat.Json,
        JsonSchemaConstraint schema => ChatResponseFormat.ForJsonSchema(ToElement(schema.Schema)),
        _ => throw new RequestException(
            "response_format", "a chat client takes a JSON Schema, but no regex, grammar or choice; use a schema"),
    };

    /// <summary>Medium is what servers take for "think" without a degree.</summary>
    private static ReasoningOptions? ToReasoning(ChatRequest request) =>
        request.Think == false || request.ThinkBudget == 0
            ? new ReasoningOptions { Effort = ReasoningEffort.None }
            : request.Think == true ? new ReasoningOptions { Effort = ReasoningEffort.Medium } : null;

    private static JsonElement ToElement(JsonNode node)
    {
        using JsonDocument json = JsonDocument.Parse(node.ToJsonString());
        return json.RootElement.Clone();
    }
}
