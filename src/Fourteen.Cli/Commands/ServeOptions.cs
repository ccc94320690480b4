using System.CommandLine;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;
using Fourteen.Protocol.Dialects;
using Fourteen.Server;
using Microsoft.Extensions.Logging;

namespace Fourteen.Cli.Commands;

/// <summary>The options of <c>fourteen serve</c>, read into the server's own.</summary>
internal sealed class ServeOptions
{
    private const int PortMax = 65535;
    private const int SequencesMax = 1024;
    private const int QueueMax = 1 << 20;
    private const int InterTokenMsMax = 3_600_000;

    private static readonly ServerOptions Defaults = new() { Models = [] };

    private readonly Argument<string[]> _models = new("MODEL")
    {
        Arity = ArgumentArity.ZeroOrMore,
        HelpName = "MODEL",
        Description = "Paths, or NAME=PATH: GGUF files, or folders that hold one, or safetensors with config.json; "
            + "else the embedded SmolLM2-135M. The first one answers requests that name none.",
    };

    private readonly Option<string?> _host = new("--host")
    {
        HelpName = "ADDRESS",
        Description = "The address to listen at; else 127.0.0.1, which this machine alone can reach.",
    };

    private readonly Option<int?> _port = GenerationOptions.Number<int>(
        "--port", "N", "The port; 0 takes a free one; else 8080.", 0, PortMax);

    private readonly Option<string[]> _keys = new("--api-key")
    {
        HelpName = "KEY",
        Description = "A key that requests must show, or NAME=KEY; may be given several times. Better in the "
            + "environment: FOURTEEN_API_KEY.",
    };

    private readonly Option<bool> _insecure = new("--insecure")
    {
        Description = "Listen beyond this machine without a key.",
    };

    private readonly Option<string[]> _cors = new("--cors")
    {
        HelpName = "ORIGIN",
        Description = "Web pages of this origin may call; * for all. May be given several times.",
    };

    private readonly Option<bool> _anyName = new("--any-model")
    {
        Description = "Let the first model answer for names that none has, as agents send those of their makers' "
            + "models.",
    };

    private readonly Option<int?> _sequences = GenerationOptions.Number<int>(
        "--max-seqs", "N", "Answers computed at once; else 8.", 1, SequencesMax);

    private readonly Option<string?> _keepAlive = new("--keep-alive")
    {
        HelpName = "TIME",
        Description = "How long an unused model stays loaded, such as 10m; else for ever.",
    };

    private readonly Option<int?> _queue = GenerationOptions.Number<int>(
        "--max-queue", "N", "Requests that may wait; more are refused with status 429; else 256.", 1, QueueMax);

    private readonly Option<int?> _interTokenMs = GenerationOptions.Number<int>(
        "--max-itl-ms", "N", "Milliseconds that a running answer may wait while others' prompts are read; else 500.",
        1, InterTokenMsMax);

    private readonly Option<bool> _noPrefixCache = new("--no-prefix-cache")
    {
        Description = "Compute every prompt from its beginning.",
    };

    private readonly Option<bool> _keepVolatileLines = new("--keep-volatile-lines")
    {
        Description = "Leave lines in prompts that agents change with each request, such as billing headers; they "
            + "keep computed prompts from being reused.",
    };

    private readonly Option<string?> _otlp = new("--otlp")
    {
        HelpName = "URL",
        Description = "Send traces and metrics to this OTLP collector, such as http://localhost:4317.",
    };

    private readonly Option<bool> _logPrompts = new("--log-prompts")
    {
        Description = "Write prompts and answers to the log.",
    };

    private readonly GenerationOptions _computation = new();

    internal Option<LogLevel?> LogLevel { get; } = new("--log-level")
    {
        HelpName = "LEVEL",
        Description = "What is logged: trace, debug, information, warning, error, critical or none; else information.",
    };

    /// <summary>A file with the same options; those of the command line win.</summary>
    internal Option<string?> Config { get; } = new("--config")
    {
        HelpName = "FILE",
        Description = "A YAML file with these options by their names without dashes, and models as a list; what the "
            + "command line says wins.",
    };

    internal Option<bool> LogJson { get; } = new("--log-json")
    {
        Description = "Log lines as JSON.",
    };

    internal void AddTo(Command command)
    {
        command.Add(_models);
        foreach (Option option in (Option[])
            [
                _host, _port, _keys, _insecure, _cors, _anyName, _sequences, _queue, _interTokenMs, _keepAlive,
                _noPrefixCache, _keepVolatileLines, _otlp, LogLevel, LogJson, _logPrompts, Config,
            ])
            command.Add(option);
        _computation.AddComputationTo(command);
    }

    internal ServerOptions Read(ParseResult parsed)
    {
        GenerationSettings settings = _computation.Read(parsed);
        return Defaults with
        {
            Models = ReadModels(parsed.GetValue(_models) ?? []),
            Host = parsed.GetValue(_host) ?? Defaults.Host,
            Port = parsed.GetValue(_port) ?? Defaults.Port,
            ApiKeys = ReadKeys(parsed.GetValue(_keys) ?? []),
            AnswersAnyName = parsed.GetValue(_anyName),
            Insecure = parsed.GetValue(_insecure),
            CorsOrigins = parsed.GetValue(_cors) ?? [],
            KeepAlive = ReadDuration(parsed.GetValue(_keepAlive)) ?? Defaults.KeepAlive,
            LogPrompts = parsed.GetValue(_logPrompts),
            MoveVolatileLines = !parsed.GetValue(_keepVolatileLines),
            OtlpEndpoint = ReadUrl(parsed.GetValue(_otlp)),
            Engine = new EngineOptions
            {
                Threads = settings.Threads ?? Environment.ProcessorCount,
                MaxInterTokenMs = parsed.GetValue(_interTokenMs) ?? Defaults.Engine.MaxInterTokenMs,
            },
            Model = new ModelOptions
            {
                Context = settings.ContextTokens,
                KvType = settings.KvType ?? KvType.F16,
                Precise = settings.Precise,
                Repack = settings.Repack,
                Rope = settings.Rope,
                QueueMax = parsed.GetValue(_queue) ?? Defaults.Model.QueueMax,
                PrefixCache = !parsed.GetValue(_noPrefixCache),
                SequencesMax = parsed.GetValue(_sequences) ?? Defaults.Model.SequencesMax,
            },
        };
    }

    private static ModelSource[] ReadModels(string[] models) => models.Length == 0
        ? [ToSource(ModelSession.FindEmbedded(), null)]
        : [.. models.Select(model =>
        {
            int equals = model.IndexOf('=', StringComparison.Ordinal);
            return equals > 0 && !File.Exists(model) && !Directory.Exists(model)
                ? ToSource(model[(equals + 1)..], model[..equals])
                : ToSource(model, null);
        })];

    private static ModelSource ToSource(string path, string? name)
    {
        string weights = ModelArgument.FindWeights(path);
        return new ModelSource(name ?? NameOf(weights), weights);
    }

    /// <summary>The file's name without its ending; the folder's where the file is called as every model is.</summary>
    private static string NameOf(string path)
    {
        string full = Path.GetFullPath(path);
        string name = Directory.Exists(full) ? Path.GetFileName(full) : Path.GetFileNameWithoutExtension(full);
        return name is "model" or "ggml-model" ? Path.GetFileName(Path.GetDirectoryName(full)) ?? name : name;
    }

    private static ApiKey[] ReadKeys(string[] keys)
    {
        string? fromEnvironment = Environment.GetEnvironmentVariable("FOURTEEN_API_KEY");
        string[] all = fromEnvironment is { Length: > 0 } ? [.. keys, fromEnvironment] : keys;
        return [.. all.Select((key, i) =>
        {
            int equals = key.IndexOf('=', StringComparison.Ordinal);
            return equals > 0 ? new ApiKey(key[..equals], key[(equals + 1)..]) : new ApiKey($"key{i + 1}", key);
        })];
    }

    private static Uri? ReadUrl(string? text)
    {
        if (text is null)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new UsageException($"--otlp must be a URL such as http://localhost:4317, found {text}");
    }

    private static TimeSpan? ReadDuration(string? text)
    {
        if (text is null)
            return null;
        return Durations.TryParse(text, out TimeSpan duration)
            ? duration
            : throw new UsageException($"--keep-alive must be a duration such as 10m, found {text}");
    }
}
