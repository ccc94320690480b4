using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;

namespace Fourteen.Engine.Requests;

/// <summary>A prompt that fits, and what was left out for it.</summary>
internal sealed record FittedPrompt(ChatRequest Request, int[] Tokens, Notice? Dropped);

/// <summary>
/// Makes a conversation fit the context, where the request lets messages go. A question goes with all that answers it,
/// so that calls and results stay together; system messages and the newest question always stay.
/// </summary>
internal static class ContextFit
{
    /// <param name="room">Positions of the context.</param>
    /// <param name="encode">From a request to its prompt.</param>
    /// <exception cref="RequestException">It does not fit, and nothing may go or nothing is left that may.</exception>
    internal static FittedPrompt Fit(ChatRequest request, int room, Func<ChatRequest, int[]> encode)
    {
        int[] tokens = encode(request);
        // One position at least is the answer's; more where the caller asked for more, as far as that can be.
        int reserve = Math.Clamp(request.MaxTokens ?? 1, 1, Math.Max(1, room / 2));
        if (tokens.Length + (request.ContextOverflow == ContextOverflow.Error ? 1 : reserve) <= room)
            return new FittedPrompt(request, tokens, null);
        if (request.ContextOverflow == ContextOverflow.Error || request.Text is not null || request.Tokens is not null)
            throw Overflow(tokens.Length, room, request);

        List<int[]> groups = GroupsOf(request.Messages);
        int[] order = Order(groups.Count, request.ContextOverflow);
        // The fewest groups that must go: prompts only get shorter, so halving finds it in a few renderings.
        int least = 1, most = order.Length;
        FittedPrompt? found = null;
        while (least <= most)
        {
            int count = (least + most) / 2;
            FittedPrompt candidate = Without(
                request, [.. order.Take(count).SelectMany(group => groups[group])], encode);
            if (candidate.Tokens.Length + reserve <= room)
                (found, most) = (candidate, count - 1);
            else
                least = count + 1;
        }

        return found ?? throw Overflow(tokens.Length, room, request);
    }

    private static FittedPrompt Without(ChatRequest request, HashSet<int> dropped, Func<ChatRequest, int[]> encode)
    {
        ChatRequest shorter = request with
        {
            Messages = [.. request.Messages.Where((_, i) => !dropped.Contains(i))],
        };
        var receipt = new JsonArray(
        [
            .. dropped.Order().Select(i => (JsonNode)new JsonObject
            {
                ["index"] = i,
                ["role"] = request.Messages[i].Role,
                ["characters"] = request.Messages[i].Content.Length,
            }),
        ]);
        var details = new JsonObject
        {
            ["policy"] = request.ContextOverflow == ContextOverflow.DropOldest ? "drop_oldest" : "middle_out",
            ["dropped"] = receipt,
        };
        var notice = new Notice(
            "messages_dropped", $"{dropped.Count} messages were left out so that the prompt fits the context", details);
        return new FittedPrompt(shorter, encode(shorter), notice);
    }

    /// <summary>Indices of messages that go together: a message of the user and what follows it.</summary>
    private static List<int[]> GroupsOf(IReadOnlyList<ChatMessage> messages)
    {
        var groups = new List<List<int>>();
        for (int i = 0; i < messages.Count; i++)
        {
            if (messages[i].Role == "system")
                continue;
            if (messages[i].Role == "user" || groups.Count == 0)
                groups.Add([]);
            groups[^1].Add(i);
        }

        return [.. groups.Select(group => group.ToArray())];
    }

    /// <summary>Groups in the order in which they go; the newest never does.</summary>
    private static int[] Order(int count, ContextOverflow policy)
    {
        IEnumerable<int> droppable = Enumerable.Range(0, Math.Max(0, count - 1));
        if (policy == ContextOverflow.DropOldest)
            return [.. droppable];
        // From the middle outwards, the older of two first; the first exchange, which sets the task, goes last.
        double middle = count / 2.0;
        return
        [
            .. droppable.OrderBy(group => group == 0).ThenBy(group => Math.Abs(group + 0.5 - middle))
                .ThenBy(group => group),
        ];
    }

    private static RequestException Overflow(int tokens, int room, ChatRequest request)
    {
        string advice = request.ContextOverflow == ContextOverflow.Error
            ? "shorten it, or let messages go by \"context_overflow\": \"drop_oldest\" or \"middle_out\""
            : "what must stay (system messages and the newest question) is too long by itself";
        return new RequestException(
            "prompt",
            $"the prompt has {tokens} tokens, but the context has room for {room} with the answer; {advice}",
            FailureKind.ContextOverflow);
    }
}
