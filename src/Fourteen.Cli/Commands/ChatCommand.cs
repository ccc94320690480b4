using System.CommandLine;
using Fourteen.Cli.Output;

namespace Fourteen.Cli.Commands;

/// <summary><c>fourteen chat</c>: a conversation.</summary>
internal static class ChatCommand
{
    public static Verb Verb { get; } = new(
        "chat",
        "Talks with a model: a conversation with history. /help lists its commands.",
        [
            "fourteen chat",
            "fourteen chat model.gguf --system \"Answer in French.\"",
            "fourteen chat model.gguf --no-think --temp 0.7",
        ],
        Define);

    private static void Define(Command command, StandardStreams streams)
    {
        Argument<string?> model = ModelArgument.CreateOptional();
        var system = new Option<string?>("--system")
        {
            HelpName = "TEXT",
            Description = "A system message that heads the conversation.",
        };
        var generation = new GenerationOptions();
        command.Add(model);
        command.Add(system);
        generation.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            GenerationSettings settings = generation.Read(parsed);
            using ModelSession session = await ModelSession.LoadAsync(
                parsed.GetValue(model), settings, 1, streams, cancellation);
            using var conversation = new Conversation(session, settings.Request, parsed.GetValue(system), streams);
            await conversation.RunAsync(cancellation);
            return Program.Success;
        });
    }
}
