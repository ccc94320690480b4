using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Fourteen.Engine.Answers;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Models;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Scheduling;
using Fourteen.Protocol.Chat;
using FinishReason = Fourteen.Protocol.Chat.FinishReason;

namespace Fourteen.Engine;

/// <summary>
/// Answers chat requests with a loaded model: request → prompt text → tokens → sequence, and its events back. Any
/// thread may call it; requests in flight at once are computed together.
/// </summary>
public sealed class LocalProvider(InferenceEngine engine, LoadedModel model, TimeProvider clock) : IProvider
{
    /// <summary>
    /// Streams the answer; the last event is <see cref="Completed"/>. Throws <see cref="RequestException"/> where the
    /// request cannot be honoured and <see cref="TemplateException"/> where the template refuses it.
    /// </summary>
    public async IAsyncEnumerable<ChatEvent> StreamAsync(
        ChatRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int[] prompt = model.Text.EncodePrompt(Render(request));
        ulong seed = request.Sampling.Seed ?? DrawSeed();
        GenerationPlan plan = Plan(request, prompt, seed);
        yield return new Started(prompt.Length);
        await foreach (GenerationEvent item in engine.GenerateAsync(model, plan, cancellation).ConfigureAwait(false))
        {
            if (item.End is { } end)
            {
                yield return new Finished(ToReason(end.Reason), end.StopString);
                yield return new Completed(ToUsage(end, plan, seed));
            }
            else if (item.PromptComputed is { } computed)
                yield return new PromptProgress(computed, prompt.Length);
            else if (item.Delta.Part == AnswerPart.Thought)
                yield return new ThoughtDelta(item.Delta.Text);
            else
                yield return new TextDelta(item.Delta.Text);
        }
    }

    /// <summary>The prompt's text as the template renders it, or as it was given.</summary>
    public string Render(ChatRequest request)
    {
        if (request.Text is not null)
            return request.Text;
        if (model.Text.Template is null)
        {
            throw new RequestException(
                "messages", $"{model.Path} has no chat template; give the prompt as plain text (--raw)");
        }

        var variables = new JsonObject
        {
            ["messages"] = new JsonArray([.. request.Messages.Select(ToJson)]),
            ["add_generation_prompt"] = true,
            ["bos_token"] = model.Text.BosText,
            ["eos_token"] = model.Text.EosText,
        };
        if (request.Tools.Count > 0)
            variables["tools"] = new JsonArray([.. request.Tools.Select(tool => tool.Json.DeepClone())]);
        if (request.Think is { } think)
            variables["enable_thinking"] = think;
        return model.Text.Template.Render(variables, clock.GetLocalNow());
    }

    /// <summary>Below 2^53, so that every reader of JSON gets the seed that draws the answer again.</summary>
    private static ulong DrawSeed() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 11;

    private GenerationPlan Plan(ChatRequest request, int[] prompt, ulong seed)
    {
        bool wanted = request.ThinkBudget != 0 && (request.Think ?? SwitchedOn(request));
        bool thinks = wanted && model.Text.Thinking.CanThink;
        SamplingOptions sampling = SamplingDefaults.Of(model.File, thinks).Apply(request.Sampling, seed);
        (RopeFrequencies rope, int room) = model.Config.Rope.Choose(prompt.Length, request.MaxTokens, model.Context);
        var answer = new AnswerOptions
        {
            StopTokens = request.IgnoreEnd ? [] : model.Text.EndTokens,
            StopStrings = request.Stop,
            // What the context has room for is a limit too, so that a thought leaves room for the answer.
            TokensMax = Math.Max(1, Math.Min(request.MaxTokens ?? int.MaxValue, room - prompt.Length)),
            Thinking = model.Text.Thinking with { Budget = request.ThinkBudget },
        };
        if ((sampling.FindProblem() ?? answer.FindProblem()) is { } problem)
            throw new RequestException("sampling", problem);
        return new GenerationPlan(prompt, sampling, answer, rope, room, new SchedulingOptions
        {
            Priority = request.Priority,
            Tenant = request.Tenant,
            CacheSalt = request.CacheSalt,
            PrefixCache = request.CachePrompt,
        });
    }

    private static bool SwitchedOn(ChatRequest request) =>
        SoftSwitch.Find([.. request.Messages.Select(message => (message.Role, message.Content))]) ?? true;

    private static JsonNode ToJson(ChatMessage message)
    {
        var json = new JsonObject { ["role"] = message.Role, ["content"] = message.Content };
        if (message.Reasoning is not null)
            json["reasoning_content"] = message.Reasoning;
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

    private static FinishReason ToReason(Answers.FinishReason reason) => reason switch
    {
        Answers.FinishReason.Stop => FinishReason.Stop,
        Answers.FinishReason.Length => FinishReason.Length,
        _ => FinishReason.ToolCalls,
    };

    private static Usage ToUsage(GenerationResult result, GenerationPlan plan, ulong seed) => new()
    {
        PromptTokens = plan.Prompt.Length,
        CompletionTokens = result.CompletionTokens,
        CachedTokens = result.CachedTokens,
        TimeToFirstToken = result.TimeToFirstToken,
        DecodeTime = result.DecodeTime,
        Seed = seed,
        RopeScaling = plan.Rope.Scaling,
        RopeFactor = plan.Rope.Factor,
    };
}
