using System.CommandLine;
using Fourteen.Cli.Benchmarks;
using Fourteen.Cli.Output;
using Fourteen.Cli.ServeBenchmarks;

namespace Fourteen.Cli.Commands;

/// <summary><c>fourteen bench</c>: how fast a model, or a made-up one of its shape, runs on this machine.</summary>
internal static class BenchCommand
{
    public static Verb Verb { get; } = new(
        "bench",
        "Times a model, with the limits of the machine measured beside it.",
        [
            "fourteen bench model.gguf -p 128,512 -n 64 -t 1,2",
            "fourteen bench --synthetic qwen3-14b:Q4_K_M -b 1,4,8,16 --json",
            "fourteen bench --synthetic qwen3-14b:Q4_K_M --write qwen3-14b.gguf",
            "fourteen bench qwen3-14b.gguf --peer ./llama-bench --peer-args \"-rtr 1\"",
            "fourteen bench --kernels --types Q4_K,Q6_K",
            "fourteen bench --serve --synthetic qwen3-0.6b:Q4_K_M",
            "fourteen bench --soak 600",
        ],
        Define);

    private static void Define(Command command, StandardStreams streams)
    {
        var options = new BenchOptions();
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            BenchSettings settings = options.Read(parsed);
            if (settings.Kernels)
                new KernelTable(settings, streams).Run(cancellation);
            else if (settings.Serve)
                await new ServeBench(settings, streams).RunAsync(cancellation);
            else if (settings.SoakSeconds > 0)
                return await new Soak(settings, streams).RunAsync(cancellation) ? Program.Success : Program.Failure;
            else if (settings is { Synthetic: { } model, WritePath: { } path })
                await SyntheticFile.WriteAsync(model, path, streams, cancellation);
            else
                await new BenchRun(settings, streams).RunAsync(cancellation);
            return Program.Success;
        });
    }
}
