using System.Security.Cryptography;
using Fourteen.Engine.Answers;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.Constraints;
using Fourteen.Engine.Models;
using Fourteen.Engine.Sampling;
using Fourteen.Engine.Scheduling;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Requests;

/// <summary>A request that was checked: the plan of its first answer, and what its caller should know.</summary>
internal sealed record RequestPlan(ChatRequest Request, GenerationPlan First, ulong Seed, IReadOnlyList<Notice> Notices)
{
    /// <summary>The plan of one of several answers: each has a seed of its own, the first the request's.</summary>
    internal GenerationPlan Of(int choice) => choice == 0
        ? First
        : First with { Sampling = First.Sampling with { Seed = SequenceRandom.Derive(Seed, choice) } };
}

/// <summary>From a request to what the engine computes; all that cannot be honoured is refused here.</summary>
internal sealed class RequestPlanner(LoadedModel model, PromptRenderer renderer)
{
    /// <exception cref="RequestException">The request cannot be honoured.</exception>
    internal RequestPlan Plan(ChatRequest request)
    {
        var notices = new List<Notice>();
        int context = Math.Min(model.Context, request.ContextMax ?? int.MaxValue);
        FittedPrompt fitted = ContextFit.Fit(request, context, renderer.Encode);
        if (fitted.Dropped is { } dropped)
            notices.Add(dropped);
        request = fitted.Request;
        if (request.Tools.Count > 0 && renderer.TellsToolsByText(request))
        {
            notices.Add(new Notice(
                "tools_as_text", "the model's chat template knows no tools that are read here; they were declared in "
                + "the system message in Hermes' form"));
        }

        ulong seed = request.Sampling.Seed ?? DrawSeed();
        bool thinks = Thinks(request);
        if (!model.Text.Thinking.CanThink && (request.Think == true || request.ThinkBudget > 0))
            notices.Add(new Notice("thinking_unavailable", "this model cannot think; it answers without"));
        SamplingOptions sampling = SamplingDefaults.Of(model.File, thinks).Apply(request.Sampling, seed);
        (RopeFrequencies rope, int room) = model.Config.Rope.Choose(
            fitted.Tokens.Length, request.MaxTokens, context);
        AnswerOptions answer = AnswerOf(request, room - fitted.Tokens.Length);
        if ((sampling.FindProblem() ?? answer.FindProblem()) is { } problem)
            throw new RequestException("sampling", problem);
        CompiledConstraint? constraint = Compile(request, FollowsThought(answer, fitted.Tokens), notices);
        answer = answer with { IsConstrained = constraint is not null };
        var plan = new GenerationPlan(fitted.Tokens, sampling, answer, rope, room, SchedulingOf(request))
        {
            Constraint = constraint,
            TopLogprobs = request.TopLogprobs,
            PromptLogprobs = request.PromptLogprobs,
        };
        return new RequestPlan(request, plan, seed, notices);
    }

    /// <summary>Below 2^53, so that every reader of JSON gets the seed that draws the answer again.</summary>
    private static ulong DrawSeed() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 11;

    private bool Thinks(ChatRequest request)
    {
        bool wanted = request.ThinkBudget != 0 && (request.Think ?? SwitchedOn(request));
        return wanted && model.Text.Thinking.CanThink;
    }

    private static bool SwitchedOn(ChatRequest request) =>
        SoftSwitch.Find([.. request.Messages.Select(message => (message.Role, message.Content))]) ?? true;

    private AnswerOptions AnswerOf(ChatRequest request, int room)
    {
        ThinkingOptions thinking = model.Text.Thinking;
        bool follows = request.SeparateThought && thinking.CanThink;
        // What the context has room for is a limit too, so that a thought leaves room for the answer.
        int tokensMax = Math.Max(1, Math.Min(request.MaxTokens ?? int.MaxValue, room));
        return new AnswerOptions
        {
            StopTokens = [.. request.IgnoreEnd ? [] : model.Text.EndTokens, .. request.StopTokens],
            StopStrings = request.Stop,
            ShowsStopString = request.IncludeStop,
            TokensMin = Math.Min(request.MinTokens, tokensMax),
            TokensMax = tokensMax,
            Thinking = !follows ? ThinkingOptions.None : thinking with
            {
                Budget = request.ThinkBudget,
                TimeMax = request.ThinkTimeMax,
                AnswerTokensMin = request.MinAnswerTokens,
                ContinuesMessage = request.ContinueFinalMessage,
            },
            Tools = ToolsOf(request),
        };
    }

    private ToolCallOptions? ToolsOf(ChatRequest request)
    {
        if (request.Tools.Count == 0 || request.ToolChoice.Kind == ToolChoiceKind.None)
            return null;
        ToolCallSupport support = model.Text.ToolCalls;
        bool isSingle = !request.ParallelToolCalls || request.ToolChoice.Kind == ToolChoiceKind.Named;
        return new ToolCallOptions
        {
            Format = support.Format,
            ControlMarkers = support.ControlMarkers,
            Names = [.. request.Tools.Select(tool => tool.Name)],
            CallsMax = isSingle ? 1 : null,
        };
    }

    private static SchedulingOptions SchedulingOf(ChatRequest request) => new()
    {
        Priority = request.Priority,
        Tenant = request.Tenant,
        CacheSalt = request.CacheSalt,
        PrefixCache = request.CachePrompt,
    };

    /// <summary>Whether the answer may come behind a thought that the model closes: not where the prompt closed it.
    /// </summary>
    private static bool FollowsThought(AnswerOptions answer, int[] prompt)
    {
        var start = new ThinkingState(answer.Thinking, answer.TokensMax, prompt);
        return start.IsInThought || start.MayOpen;
    }

    private CompiledConstraint? Compile(ChatRequest request, bool followsThought, List<Notice> notices)
    {
        try
        {
            AnswerGrammar? grammar = AnswerGrammar.For(request, model.Text.ToolCalls, followsThought);
            if (grammar is null)
                return null;
            CompiledConstraint compiled = model.Text.Constraints.GetOrCompile(grammar);
            foreach (string note in compiled.Notes)
                notices.Add(new Notice("constraint", note));
            return compiled;
        }
        catch (ConstraintException e) when (LoosenTools(request) is { } loose)
        {
            // Nobody demanded that arguments be valid, so tools with a schema that cannot be enforced are called still.
            notices.Add(new Notice("schema_not_enforced", $"arguments are any JSON object: {e.Message}"));
            return Compile(loose, followsThought, notices);
        }
        catch (ConstraintException e)
        {
            throw new RequestException(request.Constraint is null ? "tools" : "response_format", e.Message);
        }
    }

    /// <summary>The request without schemas of tools; null where a schema is demanded or there is none.</summary>
    private static ChatRequest? LoosenTools(ChatRequest request)
    {
        bool isLoose = request.Tools.All(tool => tool.Parameters is null);
        if (isLoose || request.Constraint is not null || request.Tools.Any(tool => tool.Strict))
            return null;
        return request with
        {
            Tools = [.. request.Tools.Select(tool => ToolDefinition.Create(tool.Name, null, null, strict: false))],
        };
    }
}
