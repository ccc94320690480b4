using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;
using Fourteen.Protocol.Chat;

namespace Fourteen.Cli.Commands;

/// <summary>
/// The options that all verbs share that generate text or compute logits: added to a command in one go, checked while
/// the arguments are parsed, and read into one record.
/// </summary>
public sealed class GenerationOptions
{
    private const int ThreadsMax = 1024;
    private const int TokensMax = 1 << 24; // beyond the context of any model, far below where sizes overflow
    private const int TemperatureMax = 100; // flatter than this is uniform
    private const int PenaltyMax = 100;

    private readonly Option<int?> _threads = Number<int>(
        "--threads", "N", "Worker threads; else one for each processor.", 1, ThreadsMax);
    private readonly Option<int?> _context = Number<int>(
        "--ctx", "N", "Context in tokens; else what the model was made for, or what "
        + "--yarn or --rope-scale reach.", 1, TokensMax);
    private readonly Option<double?> _temperature = Number<double>(
        "--temp", "T", "Temperature; 0 always takes the most probable token. Where this and the next three are "
        + "not given, the model's own defaults hold: see fourteen show.", 0, TemperatureMax);
    private readonly Option<int?> _topK = Number<int>(
        "--top-k", "K", "Keep the K most probable tokens; 0 is off.", 0, TokensMax);
    private readonly Option<double?> _topP = Number<double>(
        "--top-p", "P", "Keep the most probable tokens up to this total probability; 1 is off.", 0, 1, aboveMin: true);
    private readonly Option<double?> _minP = Number<double>(
        "--min-p", "P", "Drop tokens below this share of the largest probability; 0 is off.", 0, 1);
    private readonly Option<double?> _typicalP = Number<double>(
        "--typical-p", "P", "Keep the most typical tokens up to this total probability; 1 is off.", 0, 1,
        aboveMin: true);
    private readonly Option<double?> _topNSigma = Number<double>(
        "--top-n-sigma", "N", "Keep logits within N standard deviations of the largest; 0 is off.", 0, PenaltyMax);
    private readonly Option<double?> _repetitionPenalty = Number<double>(
        "--repeat-penalty", "R", "Divide the logits of tokens seen in prompt or answer; 1 is off.", 0, PenaltyMax,
        aboveMin: true);
    private readonly Option<double?> _presencePenalty = Number<double>(
        "--presence-penalty", "P", "Subtract from logits of tokens in the answer; 0 is off.", -PenaltyMax, PenaltyMax);
    private readonly Option<double?> _frequencyPenalty = Number<double>(
        "--frequency-penalty", "P", "The same for each time that the token occurs; 0 is off.", -PenaltyMax, PenaltyMax);
    private readonly Option<ulong?> _seed = Number<ulong>(
        "--seed", "N", "Start of the random numbers: same seed, same text.", 0, ulong.MaxValue);
    private readonly Option<int?> _tokensMax = Number<int>(
        "--max-tokens", "N", "Tokens of the answer at most.", 1, TokensMax);
    private readonly Option<string[]> _stops = new("--stop")
    {
        HelpName = "TEXT",
        Description = "End the answer before this text; may be given several times.",
    };
    private readonly Option<bool> _think = new("--think")
    {
        Description = "Let the model think before it answers.",
    };
    private readonly Option<bool> _noThink = new("--no-think")
    {
        Description = "Answer without thinking.",
    };
    private readonly Option<int?> _thinkBudget = Number<int>(
        "--think-budget", "N", "Tokens of the thought at most; then the answer comes. 0 is no thought.", 0, TokensMax);
    private readonly Option<KvType?> _kvType = CreateKvType();
    private readonly Option<bool> _yarn = new("--yarn")
    {
        Description = "Lengthen the context by YaRN, for each request: none for what fits the native context, else "
            + "the smallest factor of 2 and 4 that prompt and token limit fit; without a limit, a quarter of the "
            + "native context is kept for the answer.",
    };
    private readonly Option<double?> _ropeScale = Number<double>(
        "--rope-scale", "F", "Lengthen the context to F times the native one by YaRN, for "
        + "every request.", 1, 1024);
    private readonly Option<int?> _nativeContext = Number<int>(
        "--yarn-original", "N", "Native context of the model, where its file does not say it.", 1, TokensMax);
    private readonly Option<bool> _precise = new("--precise")
    {
        Description = "Compute and cache in float32: slower, for comparison with a reference.",
    };
    private readonly Option<bool> _noRepack = new("--no-repack")
    {
        Description = "Leave the weights in the mapped file: loads at once and takes no memory that the system cannot "
            + "drop, but computes about ten times slower, in float32.",
    };

    /// <summary>Adds every option, and the checks of those that exclude each other.</summary>
    public void AddTo(Command command)
    {
        _stops.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Length == 0))
                result.AddError("--stop must be a text that is not empty");
        });
        Option[] options =
        [
            _temperature, _topK, _topP, _minP, _typicalP, _topNSigma, _repetitionPenalty, _presencePenalty,
            _frequencyPenalty, _seed, _tokensMax, _stops, _think, _noThink, _thinkBudget,
        ];
        foreach (Option option in options)
            command.Add(option);
        AddComputationTo(command);
        command.Validators.Add(result =>
        {
            // Texts and not values: a value that does not parse has its own error, and reading it here would throw.
            bool noThink = result.GetValue(_noThink);
            if (noThink && result.GetValue(_think))
                result.AddError("--think and --no-think exclude each other");
            if (noThink && result.GetResult(_thinkBudget)?.Tokens[0].Value is not (null or "0"))
                result.AddError("--no-think forbids the thought that --think-budget is about");
        });
    }

    /// <summary>Adds only the options of how a model computes, for verbs that draw no tokens.</summary>
    public void AddComputationTo(Command command)
    {
        foreach (Option option in (Option[])
            [_threads, _context, _kvType, _yarn, _ropeScale, _nativeContext, _precise, _noRepack])
            command.Add(option);
        command.Validators.Add(result =>
        {
            string? kvType = result.GetResult(_kvType)?.Tokens[0].Value;
            if (result.GetValue(_precise) && (kvType is "f16" or "q8_0" or "q4_0"))
                result.AddError($"--precise keeps the KV cache in f32 and cannot go with --kv-type {kvType}");
            bool scaled = result.GetResult(_ropeScale) is not null;
            if (result.GetValue(_yarn) && scaled)
                result.AddError("--yarn and --rope-scale exclude each other");
            if (result.GetResult(_nativeContext) is not null && !scaled && !result.GetValue(_yarn))
                result.AddError("--yarn-original is about --yarn or --rope-scale, and neither is given");
        });
    }

    /// <summary>The values of a command line without errors.</summary>
    public GenerationSettings Read(ParseResult parsed) => new()
    {
        Threads = parsed.GetValue(_threads),
        ContextTokens = parsed.GetValue(_context),
        Request = new ChatRequest
        {
            Think = parsed.GetValue(_noThink) ? false : parsed.GetValue(_think) ? true : null,
            ThinkBudget = parsed.GetValue(_thinkBudget),
            MaxTokens = parsed.GetValue(_tokensMax),
            Stop = parsed.GetValue(_stops) ?? [],
            Sampling = new SamplingSettings
            {
                Temperature = parsed.GetValue(_temperature),
                TopK = parsed.GetValue(_topK),
                TopP = parsed.GetValue(_topP),
                MinP = parsed.GetValue(_minP),
                TypicalP = parsed.GetValue(_typicalP),
                TopNSigma = parsed.GetValue(_topNSigma),
                RepetitionPenalty = parsed.GetValue(_repetitionPenalty),
                PresencePenalty = parsed.GetValue(_presencePenalty),
                FrequencyPenalty = parsed.GetValue(_frequencyPenalty),
                Seed = parsed.GetValue(_seed),
            },
        },
        KvType = parsed.GetValue(_kvType),
        Precise = parsed.GetValue(_precise),
        Repack = !parsed.GetValue(_noRepack),
        Rope = new RopeOptions
        {
            PerRequest = parsed.GetValue(_yarn),
            Factor = parsed.GetValue(_ropeScale),
            NativeContext = parsed.GetValue(_nativeContext),
        },
    };

    /// <summary>How keys and values are stored.</summary>
    internal static Option<KvType?> CreateKvType() => new("--kv-type")
    {
        HelpName = "TYPE",
        Description = "Storage of the KV cache: f16, f32, q8_0 in about half the memory of f16, q4_0 in about a "
            + "quarter; else f16.",
        CustomParser = result => result.Tokens[0].Value switch
        {
            "f16" => KvType.F16,
            "f32" => KvType.F32,
            "q8_0" => KvType.Q8_0,
            "q4_0" => KvType.Q4_0,
            string other => Refuse<KvType?>(result, $"--kv-type must be f16, f32, q8_0 or q4_0, found {other}"),
        },
    };

    /// <summary>An option for a number in [min, max], or in (min, max] where the bound itself means nothing.</summary>
    internal static Option<T?> Number<T>(
        string name, string helpName, string description, T min, T max, bool aboveMin = false)
        where T : struct, INumber<T>
    {
        bool isInteger = T.One / (T.One + T.One) == T.Zero; // one half exists in floating-point types only
        string kind = isInteger ? "an integer" : "a number";
        // Without thousands separators: 0,7 is a mistake, not seven.
        NumberStyles styles = isInteger ? NumberStyles.AllowLeadingSign : NumberStyles.Float;
        string range = aboveMin
            ? string.Create(CultureInfo.InvariantCulture, $"{kind} above {min} and at most {max}")
            : string.Create(CultureInfo.InvariantCulture, $"{kind} from {min} to {max}");
        return new Option<T?>(name)
        {
            HelpName = helpName,
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                bool legal = T.TryParse(text, styles, CultureInfo.InvariantCulture, out T value)
                    && value >= min && value <= max && !(aboveMin && value == min);
                return legal ? value : Refuse<T?>(result, $"{name} must be {range}, found {text}");
            },
        };
    }

    private static T? Refuse<T>(ArgumentResult result, string message)
    {
        result.AddError(message);
        return default;
    }
}
