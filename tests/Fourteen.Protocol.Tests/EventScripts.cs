using System.Text;
using Fourteen.Protocol.Chat;

namespace Fourteen.Protocol.Tests;

/// <summary>Streams of events as a provider sends them, by name.</summary>
internal static class EventScripts
{
    internal static Usage Usage { get; } = new()
    {
        PromptTokens = 13,
        CompletionTokens = 5,
        CachedTokens = 4,
        ThoughtTokens = 2,
        TimeToFirstToken = TimeSpan.FromMilliseconds(90),
        DecodeTime = TimeSpan.FromMilliseconds(80),
        Seed = 42,
    };

    internal static IReadOnlyDictionary<string, ChatEvent[]> All { get; } = new Dictionary<string, ChatEvent[]>
    {
        ["text"] = Whole(
            new TextDelta("Hel"), new TextDelta("lo.\n"), new TextDelta("\"é\u2028🎉\" \r\n\t\\ \0"), Stop()),
        ["nothing"] = Whole(Stop()),
        ["thought"] = Whole(new ThoughtDelta("Let me\n"), new ThoughtDelta("see."), new TextDelta("Paris."), Stop()),
        ["thought cut off"] = Whole(new ThoughtDelta("The user asks"), Length()),
        ["text cut off"] = Whole(new TextDelta("The cap"), Length()),
        ["stop string"] = Whole(new TextDelta("One "), new Finished(FinishReason.Stop, "two")),
        ["one call"] = Whole(
            new ToolCallStarted(0, "call_a", "weather"), new ToolCallDelta(0, "{\"city\":\n "),
            new ToolCallDelta(0, "\"Par\\u00eds\"}"), new ToolCallEnded(0), Calls()),
        ["calls after thought and text"] = Whole(
            new ThoughtDelta("Two calls."), new TextDelta("I look."), new ToolCallStarted(0, "call_a", "weather"),
            new ToolCallDelta(0, "{\"city\": \"Rome\"}"), new ToolCallEnded(0),
            new ToolCallStarted(1, "call_b", "time"), new ToolCallDelta(1, "{}"), new ToolCallEnded(1), Calls()),
        ["call without arguments"] = Whole(
            new ToolCallStarted(0, "call_a", "now"), new ToolCallEnded(0), Calls()),
        ["call cut off"] = Whole(
            new ToolCallStarted(0, "call_a", "weather"), new ToolCallDelta(0, "{\"city\": \"Ro"), Length()),
        ["logprobs"] = Whole(
            new TokensScored([Scored(7, "Hel", -0.25)]), new TextDelta("Hel"),
            new TokensScored([Scored(8, "lo", -0.5), Scored(9, "", -0.125)]), new TextDelta("lo"), Stop()),
        ["notices and progress"] =
        [
            new Started(13), new Notice("messages_dropped", "Two messages were dropped."), new PromptProgress(6, 13),
            new PromptProgress(13, 13), new TextDelta("Yes."), Stop(), new Completed(Usage),
        ],
    };

    /// <summary>Two answers whose pieces come in turns.</summary>
    internal static ChatEvent[] TwoChoices { get; } = Whole(
        new TextDelta("A"), new TextDelta("B") { Choice = 1 }, new TextDelta("a"), Stop(),
        new TextDelta("b") { Choice = 1 }, new Finished(FinishReason.Length, null) { Choice = 1 });

    internal static ScoredToken Scored(int id, string text, double logprob) => new(
        id, Encoding.UTF8.GetBytes(text), logprob,
        [
            new ScoredToken(id, Encoding.UTF8.GetBytes(text), logprob, []), new ScoredToken(3, [0xC3], -2.5, []),
        ]);

    internal static async IAsyncEnumerable<ChatEvent> Stream(IEnumerable<ChatEvent> events)
    {
        foreach (ChatEvent item in events)
        {
            await Task.CompletedTask;
            yield return item;
        }
    }

    private static ChatEvent[] Whole(params ChatEvent[] middle) => [new Started(13), .. middle, new Completed(Usage)];

    private static Finished Stop() => new(FinishReason.Stop, null);

    private static Finished Length() => new(FinishReason.Length, null);

    private static Finished Calls() => new(FinishReason.ToolCalls, null);
}
