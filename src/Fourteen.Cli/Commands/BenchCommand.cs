using System.CommandLine;
using Fourteen.Cli.Benchmarks;
using Fourteen.Cli.Output;
using Fourteen.Engine.Synthetic;

namespace Fourteen.Cli.Commands;

/// <summary><c>fourteen bench</c>: how fast a model, or a made-up one of its shape, runs on this machine.</summary>
internal static class BenchCommand
{
    public static Verb Verb { get; } = new(
        "bench",
        "Writes models of random weights in the shape of known ones.",
        ["fourteen bench --synthetic qwen3-14b:Q4_K_M --write qwen3-14b.gguf"],
        Define);

    private static void Define(Command command, StandardStreams streams)
    {
        var synthetic = new Option<string?>("--synthetic")
        {
            HelpName = "NAME:QUANT",
            Description = "Shape and types of the model: qwen3-14b:Q4_K_M.",
        };
        var write = new Option<string?>("--write")
        {
            HelpName = "FILE.gguf",
            Description = "Write it there; other engines load it.",
        };
        command.Add(synthetic);
        command.Add(write);
        command.SetAction(async (parsed, cancellation) =>
        {
            SyntheticModel model = SyntheticModel.Parse(
                parsed.GetValue(synthetic) ?? throw new UsageException("--synthetic is missing"),
                SyntheticModel.UsualSeed);
            await SyntheticFile.WriteAsync(
                model, parsed.GetValue(write) ?? throw new UsageException("--write is missing"), streams, cancellation);
            return Program.Success;
        });
    }
}
