using Fourteen.Engine.Scheduling;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Requests;

/// <summary>Adds up what the answers of one request took. Answers may end on several threads.</summary>
internal sealed class UsageSum(RequestPlan plan)
{
    private readonly Lock _lock = new();
    private GenerationResult? _first;
    private int _completionTokens;
    private int _thoughtTokens;
    private TimeSpan _decodeTime;

    internal void Add(int choice, GenerationResult result)
    {
        lock (_lock)
        {
            if (choice == 0)
                _first = result;
            _completionTokens += result.CompletionTokens;
            _thoughtTokens += result.ThoughtTokens;
            _decodeTime = result.DecodeTime > _decodeTime ? result.DecodeTime : _decodeTime;
        }
    }

    /// <summary>The prompt counts once; times of the prompt are those of the first answer.</summary>
    internal Usage Total()
    {
        lock (_lock)
        {
            return new Usage
            {
                PromptTokens = plan.First.Prompt.Length,
                CompletionTokens = _completionTokens,
                ThoughtTokens = _thoughtTokens,
                CachedTokens = _first?.CachedTokens ?? 0,
                QueueTime = _first?.QueueTime ?? default,
                TimeToFirstToken = _first?.TimeToFirstToken ?? default,
                DecodeTime = _decodeTime,
                Seed = plan.Seed,
                RopeScaling = plan.First.Rope.Scaling,
                RopeFactor = plan.First.Rope.Factor,
            };
        }
    }
}
