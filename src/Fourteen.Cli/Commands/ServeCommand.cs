using System.CommandLine;
using Fourteen.Cli.Output;
using Fourteen.Server;
using Fourteen.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Fourteen.Cli.Commands;

/// <summary><c>fourteen serve</c>: models behind HTTP, for clients of OpenAI, Anthropic, Ollama and llama-server.
/// </summary>
internal static class ServeCommand
{
    public static Verb Verb { get; } = new(
        "serve",
        "Serves models over HTTP to clients of OpenAI, Anthropic, Ollama and llama-server.",
        [
            "fourteen serve",
            "fourteen serve qwen3-14b-q4_k_m.gguf --ctx 16384 --max-seqs 4 --kv-type q8_0",
            "fourteen serve big=qwen3-14b.gguf small=qwen3-0.6b.gguf --keep-alive 10m",
            "fourteen serve model.gguf --host 0.0.0.0 --api-key team=SECRET",
            "fourteen serve --config server.yaml",
        ],
        Define);

    private static void Define(Command command, StandardStreams streams)
    {
        var options = new ServeOptions();
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(options.Config) is { } file)
                parsed = ServeConfigFile.Merge(command, parsed, file);
            ServerOptions server = options.Read(parsed);
            LogLevel level = parsed.GetValue(options.LogLevel) ?? LogLevel.Information;
            bool logJson = parsed.GetValue(options.LogJson);
            await using ServerHost host = await ServerHost.StartAsync(
                server, TimeProvider.System, logging => Log(logging, level, logJson), cancellation);
            foreach (ServedModel model in host.Models.Models)
                await LoadAsync(model, streams, cancellation);
            await streams.Output.WriteLineAsync($"fourteen is ready at {host.Address}");
            await streams.Output.FlushAsync(cancellation);
            await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await streams.Error.WriteLineAsync(
                $"fourteen: ending; running answers have {server.ShutdownDeadline.TotalSeconds} s");
            await host.StopAsync(CancellationToken.None);
            return Program.Success; // Ctrl-C is how a server is meant to end.
        });
    }

    private static async Task LoadAsync(ServedModel model, StandardStreams streams, CancellationToken cancellation)
    {
        using var progress = new ProgressLine(streams, $"loading {model.Name}");
        using ModelLease lease = await model.LeaseAsync(
            null, (done, layers) => progress.Report(done, layers), cancellation);
        // Whatever is wrong with its text side is said now, not to the first request.
        _ = lease.Model.Text;
    }

    private static void Log(ILoggingBuilder logging, LogLevel level, bool asJson)
    {
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        if (asJson)
            logging.AddJsonConsole(console => console.TimestampFormat = "O");
        else
            logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss "));
        // Standard output is for what the command says.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = default);
    }
}
