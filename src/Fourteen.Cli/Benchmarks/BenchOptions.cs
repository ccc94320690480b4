using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Fourteen.Cli.Commands;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Engine.Synthetic;
using Fourteen.Formats;
using Fourteen.Kernels.Operators;

namespace Fourteen.Cli.Benchmarks;

/// <summary>The options of <c>fourteen bench</c>, named as llama-bench names its own where it has the same.</summary>
internal sealed class BenchOptions
{
    private const int ListMax = 32; // each value is a row of the table, or many
    private const int TokensMax = 1 << 20;
    private const int BatchMax = 256;
    private const int ThreadsMax = 1024;
    private const int RepetitionsUsual = 5;
    private const int RepetitionsMax = 1000;
    private const int PeerSecondsUsual = 3600;
    private const int PeerSecondsMax = 24 * 3600;

    private readonly Argument<string?> _model = ModelArgument.CreateOptional();
    private readonly Option<string?> _synthetic = new("--synthetic")
    {
        HelpName = "NAME:QUANT",
        Description = "Random weights in the shape of a known model in place of MODEL: qwen3-14b:Q4_K_M, or "
            + "qwen3-14b:pure:Q4_K for one type in all matrices. A wrong name lists the right ones.",
    };
    private readonly Option<string?> _write = new("--write")
    {
        HelpName = "FILE.gguf",
        Description = "Write the model of --synthetic to a file that other engines load, and time nothing.",
    };
    private readonly Option<int[]> _prompts = List(
        "--n-prompt", "-p", "Tokens of a prompt, 0 for none; else 512.", 0, TokensMax);
    private readonly Option<int[]> _generates = List(
        "--n-gen", "-n", "New tokens of a sequence, one a step, 0 for none; else 64.", 0, TokensMax);
    private readonly Option<int[]> _batches = List(
        "--batch", "-b", "Sequences that generate together, timed as a whole; else 1.", 1, BatchMax);
    private readonly Option<int[]> _threads = List(
        "--threads", "-t", "Worker threads; else one for each processor.", 1, ThreadsMax);
    private readonly Option<int[]> _depths = List(
        "--n-depth", "-d", "Tokens in the cache before those that are timed; else 0.", 0, TokensMax);
    private readonly Option<int?> _repetitions = GenerationOptions.Number<int>(
        "--repetitions", "N", "Repetitions after one that warms up; else 5.", 1, RepetitionsMax);
    private readonly Option<bool> _allLogits = new("--all-logits")
    {
        Description = "Time prompts with logits of every position too (pp512+all).",
    };
    private readonly Option<KvType?> _kvType = GenerationOptions.CreateKvType();
    private readonly Option<bool> _kernels = new("--kernels")
    {
        Description = "Time the product of each weight type on each path in place of a model: GB/s with one token, "
            + "10⁹ operations a second with more.",
    };
    private readonly Option<GgmlType[]> _types = new("--types")
    {
        HelpName = "TYPE,…",
        Description = "Only these types of --kernels.",
        CustomParser = ParseTypes,
    };
    private readonly Option<string?> _peer = new("--peer")
    {
        HelpName = "PROGRAM",
        Description = "Run this program, which takes the options of llama-bench, beside us on the same file, in turn, "
            + "and print the ratio of the rates.",
    };
    private readonly Option<string?> _peerArguments = new("--peer-args")
    {
        HelpName = "ARGS",
        Description = "More arguments for it, divided at blanks: \"-rtr 1\".",
    };
    private readonly Option<int?> _peerTimeout = GenerationOptions.Number<int>(
        "--peer-timeout", "S", "Seconds that one run of it may take; else 3600.", 1, PeerSecondsMax);
    private readonly Option<bool> _serve = new("--serve")
    {
        Description = "Time a server with the model as -b clients at once see it over HTTP; else 1, 4, 8 and 16 of "
            + "them, with -p 128.",
    };
    private readonly Option<int?> _long = GenerationOptions.Number<int>(
        "--long-prompt", "N", "With --serve: tokens of a prompt that is read beside running streams, 0 for none; else "
        + "8192.", 0, TokensMax);
    private readonly Option<int?> _interTokenMs = GenerationOptions.Number<int>(
        "--max-itl-ms", "N", "With --serve: milliseconds that a stream may wait meanwhile; else 500.", 1, 3_600_000);
    private readonly Option<int?> _soak = GenerationOptions.Number<int>(
        "--soak", "S", "For S seconds, -b clients (else 32) ask a server and often leave in the middle; fails where an "
        + "answer differs from what it is alone, or something is left behind.", 1, 7 * 24 * 3600);
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document." };
    private readonly Option<bool> _csv = new("--csv") { Description = "Print comma-separated values." };

    public void AddTo(Command command)
    {
        command.Add(_model);
        _repetitions.Aliases.Add("-r");
        foreach (Option option in (Option[])
            [_synthetic, _write, _prompts, _generates, _batches, _threads, _depths, _repetitions, _allLogits, _kvType,
            _kernels, _types, _serve, _long, _interTokenMs, _soak, _peer, _peerArguments, _peerTimeout, _json, _csv])
        {
            command.Add(option);
        }

        command.Validators.Add(Check);
    }

    /// <summary>The values of a command line without errors.</summary>
    /// <exception cref="RequestException">There is no such synthetic model.</exception>
    public BenchSettings Read(ParseResult parsed) => new()
    {
        Model = parsed.GetValue(_model),
        Synthetic = parsed.GetValue(_synthetic) is { } name
            ? SyntheticModel.Parse(name, SyntheticModel.UsualSeed) : null,
        WritePath = parsed.GetValue(_write),
        Prompts = Values(parsed, _prompts, parsed.GetValue(_serve) ? 128 : 512),
        Generates = Values(parsed, _generates, 64),
        Batches = parsed.GetValue(_serve) ? Values(parsed, _batches, 1, 4, 8, 16)
            : Values(parsed, _batches, parsed.GetValue(_soak) is null ? 1 : 32),
        Threads = Values(parsed, _threads, Environment.ProcessorCount),
        Depths = Values(parsed, _depths, 0),
        Repetitions = parsed.GetValue(_repetitions) ?? RepetitionsUsual,
        AllLogits = parsed.GetValue(_allLogits),
        KvType = parsed.GetValue(_kvType) ?? KvType.F16,
        Format = parsed.GetValue(_json) ? BenchFormat.Json
            : parsed.GetValue(_csv) ? BenchFormat.Csv : BenchFormat.Table,
        Kernels = parsed.GetValue(_kernels),
        Types = parsed.GetValue(_types) is { Length: > 0 } types ? types : QuantMix.WeightTypes,
        Serve = parsed.GetValue(_serve),
        LongPrompt = parsed.GetValue(_long) ?? 8192,
        MaxInterTokenMs = parsed.GetValue(_interTokenMs) ?? 500,
        SoakSeconds = parsed.GetValue(_soak) ?? 0,
        PeerPath = parsed.GetValue(_peer),
        PeerArguments = (parsed.GetValue(_peerArguments) ?? "").Split(
            (char[]?)null, StringSplitOptions.RemoveEmptyEntries),
        PeerTimeout = TimeSpan.FromSeconds(parsed.GetValue(_peerTimeout) ?? PeerSecondsUsual),
    };

    private void Check(CommandResult result)
    {
        bool Given(Option option) => result.GetResult(option) is { Implicit: false };
        void Refuse(bool wrong, string message)
        {
            if (wrong)
                result.AddError(message);
        }

        bool model = result.GetResult(_model) is { Tokens.Count: > 0 };
        Refuse(model && Given(_synthetic), "MODEL and --synthetic exclude each other");
        Refuse(Given(_write) && !Given(_synthetic), "--write is about --synthetic, which is not given");
        Refuse(Given(_json) && Given(_csv), "--json and --csv exclude each other");
        Refuse(
            Given(_kernels) && (model || Given(_synthetic) || Given(_peer)),
            "--kernels times no model: leave out MODEL, --synthetic and --peer");
        Refuse(
            Given(_serve) && (Given(_kernels) || Given(_peer) || Given(_soak) || Given(_write) || Given(_depths)
                || Given(_allLogits)),
            "--serve cannot go with --kernels, --peer, --soak, --write, --n-depth or --all-logits");
        Refuse(
            (Given(_long) || Given(_interTokenMs)) && !Given(_serve),
            "--long-prompt and --max-itl-ms are about --serve, which is not given");
        Refuse(Given(_soak) && (Given(_kernels) || Given(_peer)), "--soak cannot go with --kernels or --peer");
        Refuse(Given(_types) && !Given(_kernels), "--types is about --kernels, which is not given");
        Refuse(
            Given(_peer) && Given(_synthetic),
            "--peer needs a file that both can read: write one with --synthetic and --write, and name it as MODEL");
        Refuse(
            Given(_peer) && (Given(_batches) || Given(_allLogits)),
            "--peer: llama-bench has neither --batch nor --all-logits");
        Refuse(
            (Given(_peerArguments) || Given(_peerTimeout)) && !Given(_peer),
            "--peer-args and --peer-timeout are about --peer, which is not given");
    }

    private static Option<int[]> List(string name, string alias, string description, int min, int max) =>
        new(name, alias)
        {
            HelpName = "N,…",
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                string[] parts = text.Split(',');
                int[] values = [.. parts.Select(part => Parse(part, min, max)).OfType<int>()];
                if (values.Length == parts.Length && values.Length <= ListMax)
                    return values;
                result.AddError(
                    $"{name} must be 1 to {ListMax} integers from {min} to {max} with commas between, found {text}");
                return [];
            },
        };

    private static int[] Values(ParseResult parsed, Option<int[]> option, params int[] usual) =>
        parsed.GetValue(option) is { Length: > 0 } values ? values : usual;

    private static int? Parse(string text, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= min
            && value <= max
            ? value : null;

    private static GgmlType[] ParseTypes(ArgumentResult result)
    {
        List<GgmlType> types = [];
        foreach (string name in result.Tokens[0].Value.Split(','))
        {
            GgmlTypeTraits? found = GgmlTypeTraits.All
                .FirstOrDefault(row => row.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (found is null || !QuantMix.WeightTypes.Contains(found.Type))
            {
                string known = string.Join(", ", QuantMix.WeightTypes);
                result.AddError($"--types must be weight types with commas between ({known}), found {name}");
                return [];
            }

            types.Add(found.Type);
        }

        return [.. types];
    }
}
