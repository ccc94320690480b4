using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fourteen.Cli.Output;
using Fourteen.Engine.Models;
using Fourteen.Engine.Sampling;
using Spectre.Console;

namespace Fourteen.Cli.Commands;

/// <summary><c>fourteen show</c>: what a model file holds.</summary>
internal static class ShowCommand
{
    public static Verb Verb { get; } = new(
        "show",
        "Shows what a model file holds: shape, types, memory, tokenizer, licence.",
        [
            "fourteen show model.gguf",
            "fourteen show",
            "fourteen show model.gguf --json",
        ],
        Define);

    private static void Define(Command command, StandardStreams streams)
    {
        Argument<string?> model = ModelArgument.CreateOptional();
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        command.Add(model);
        command.Add(json);
        command.SetAction((parsed, _) =>
        {
            using ModelFile file = ModelFile.Open(
                parsed.GetValue(model) is { } path ? ModelArgument.FindWeights(path) : ModelSession.FindEmbedded());
            ModelSummary summary = ModelSummary.Read(file);
            if (parsed.GetValue(json))
                JsonLine.Print(streams, writer => Write(writer, summary, Samplings(file, summary)));
            else
                Print(streams, summary, Samplings(file, summary));
            return Task.FromResult(summary.Problem is null ? Program.Success : Program.Failure);
        });
    }

    /// <summary>The sampling defaults of each mode: one, or where the model's differ, with and without thinking.
    /// </summary>
    private static (string Mode, SamplingDefaults Defaults)[] Samplings(ModelFile file, ModelSummary summary)
    {
        if (summary.Sampling is not { } usual)
            return [];
        SamplingDefaults direct = SamplingDefaults.Of(file, thinks: false);
        return usual == direct ? [("sampling", usual)] : [("sampling", usual), ("sampling_no_think", direct)];
    }

    /// <summary>Labels and values in the order in which people ask for them.</summary>
    private static IEnumerable<(string Label, string Value)> Facts(
        ModelSummary summary, (string Mode, SamplingDefaults Defaults)[] samplings)
    {
        yield return ("file", summary.Path);
        if (summary.Name is not null)
            yield return ("name", summary.Name);
        yield return ("architecture", summary.Architecture ?? "none is named");
        yield return ("parameters", $"{Count(summary.Parameters)}, "
            + $"{Count(summary.ParametersWithoutEmbeddings)} without embeddings, "
            + $"{Count(summary.ActiveParameters)} active");
        if (summary.Config is { } config)
        {
            yield return ("shape", $"{config.Layers} layers, hidden {config.Hidden}, "
                + $"feed-forward {config.FeedForward}, heads {config.Heads}/{config.KvHeads} of {config.HeadDim}");
            yield return ("context", $"{config.ContextLength} tokens; RoPE scaling {config.Rope.Describe()}");
            string kv = config.KvBytesPerToken.ToString("N0", CultureInfo.InvariantCulture);
            yield return ("memory", $"{Bytes(summary.WeightBytes)} weights now, "
                + $"{Bytes(BytesAtFullContext(summary, config))} at full context "
                + $"({kv} bytes a token in f16)");
        }
        else
        {
            yield return ("memory", $"{Bytes(summary.WeightBytes)} weights");
        }

        for (int i = 0; i < summary.Traits.Count; i++)
        {
            ModelTrait trait = summary.Traits[i];
            yield return (i == 0 ? "recognized" : "", $"{trait.What} ({trait.Source})");
        }

        foreach ((string, string) fact in TextFacts(summary))
            yield return fact;
        foreach ((string mode, SamplingDefaults s) in samplings)
        {
            yield return (mode == "sampling" ? mode : "", string.Create(
                CultureInfo.InvariantCulture,
                $"temperature {s.Temperature}, top-k {s.TopK}, top-p {s.TopP}, min-p {s.MinP} ({s.Source})"));
        }

        yield return ("licence", summary.Licence ?? "the file names none");
    }

    private static IEnumerable<(string Label, string Value)> TextFacts(ModelSummary summary)
    {
        string kind = summary.TokenizerKind ?? "tokenizer.json";
        if (summary.Text is not { } text)
        {
            yield return ("tokenizer", kind);
            yield break;
        }

        yield return ("tokenizer", $"{kind}; {text.Tokenizer.VocabularySize} tokens");
        string ends = string.Join(", ", text.EndTokens.Select(id => $"{text.Tokenizer.Piece(id)} ({id})"));
        yield return ("ends at", ends.Length > 0 ? ends : "no token: only a limit ends an answer");
        yield return ("template", text.Template is { } template
            ? $"{template.Source.Length} characters; {(text.Thinking.CanThink ? "the model can think" : "no thinking")}"
            : "none");
    }

    private static void Print(
        StandardStreams streams, ModelSummary summary, (string Mode, SamplingDefaults Defaults)[] samplings)
    {
        FactList.Print(streams, [.. Facts(summary, samplings)]);
        if (summary.Classes.Count > 0)
            PrintClasses(streams, summary);
        if (summary.Problem is not null)
            streams.Error.WriteLine($"fourteen: this model cannot be run: {summary.Problem}");
    }

    private static void PrintClasses(StandardStreams streams, ModelSummary summary)
    {
        Table table = Tables.Create(
            ("tensors", false), ("type", false), ("count", true), ("parameters", true), ("bytes", true));
        foreach (TensorClass row in summary.Classes)
        {
            table.AddRow(
                Markup.Escape(Shortened(row.Name)), row.Type, row.Count.ToString(CultureInfo.InvariantCulture),
                Count(row.Parameters), Bytes(row.Bytes));
        }

        Tables.ConsoleOver(streams).Write(table);
    }

    /// <summary>Tensors of unknown architectures may have long names; the table has 80 columns.</summary>
    private static string Shortened(string name)
    {
        const int ColumnsMax = 32;
        string clean = TerminalText.WithoutControls(name);
        return clean.Length <= ColumnsMax ? clean : $"{clean[..(ColumnsMax - 1)]}…";
    }

    private static void Write(
        Utf8JsonWriter writer, ModelSummary summary, (string Mode, SamplingDefaults Defaults)[] samplings)
    {
        writer.WriteString("path", summary.Path);
        writer.WriteString("name", summary.Name);
        writer.WriteString("architecture", summary.Architecture);
        writer.WriteString("licence", summary.Licence);
        writer.WriteNumber("parameters", summary.Parameters);
        writer.WriteNumber("parameters_without_embeddings", summary.ParametersWithoutEmbeddings);
        writer.WriteNumber("active_parameters", summary.ActiveParameters);
        writer.WriteNumber("weight_bytes", summary.WeightBytes);
        if (summary.Config is { } config)
        {
            writer.WriteNumber("layers", config.Layers);
            writer.WriteNumber("hidden", config.Hidden);
            writer.WriteNumber("heads", config.Heads);
            writer.WriteNumber("kv_heads", config.KvHeads);
            writer.WriteNumber("head_dim", config.HeadDim);
            writer.WriteNumber("context_length", config.ContextLength);
            writer.WriteNumber("kv_bytes_per_token", config.KvBytesPerToken);
            writer.WriteNumber("bytes_at_full_context", BytesAtFullContext(summary, config));
            writer.WriteString("rope_scaling", config.Rope.Scaling);
            writer.WriteNumber("rope_factor", config.Rope.Factor);
            writer.WriteNumber("native_context", config.Rope.NativeContext);
            writer.WriteString("rope_source", config.Rope.Source);
            writer.WriteNumber("experts", config.Experts);
            writer.WriteNumber("experts_used", config.ExpertsUsed);
            writer.WriteNumber("sliding_window", config.Window);
        }

        WriteTraits(writer, summary.Traits);

        writer.WriteString("tokenizer", summary.TokenizerKind);
        if (summary.Text is { } text)
            WriteText(writer, text);
        foreach ((string mode, SamplingDefaults sampling) in samplings)
            WriteSampling(writer, mode, sampling);
        writer.WriteStartArray("tensors");
        foreach (TensorClass row in summary.Classes)
        {
            writer.WriteStartObject();
            writer.WriteString("class", row.Name);
            writer.WriteString("type", row.Type);
            writer.WriteNumber("count", row.Count);
            writer.WriteNumber("parameters", row.Parameters);
            writer.WriteNumber("bytes", row.Bytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("problem", summary.Problem);
    }

    private static void WriteTraits(Utf8JsonWriter writer, IReadOnlyList<ModelTrait> traits)
    {
        writer.WriteStartArray("recognized");
        foreach (ModelTrait trait in traits)
        {
            writer.WriteStartObject();
            writer.WriteString("what", trait.What);
            writer.WriteString("source", trait.Source);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter writer, ModelText text)
    {
        writer.WriteNumber("vocabulary", text.Tokenizer.VocabularySize);
        writer.WriteStartArray("end_tokens");
        foreach (int id in text.EndTokens)
            writer.WriteNumberValue(id);
        writer.WriteEndArray();
        writer.WriteBoolean("has_template", text.Template is not null);
        writer.WriteBoolean("can_think", text.Thinking.CanThink);
    }

    private static void WriteSampling(Utf8JsonWriter writer, string mode, SamplingDefaults sampling)
    {
        writer.WriteStartObject(mode);
        writer.WriteNumber("temperature", sampling.Temperature);
        writer.WriteNumber("top_k", sampling.TopK);
        writer.WriteNumber("top_p", sampling.TopP);
        writer.WriteNumber("min_p", sampling.MinP);
        writer.WriteString("source", sampling.Source);
        writer.WriteEndObject();
    }

    private static long BytesAtFullContext(ModelSummary summary, ModelConfig config) =>
        summary.WeightBytes + (config.KvBytesPerToken * config.ContextLength);

    private static string Count(long value) => value switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:F2} B"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:F1} M"),
        _ => value.ToString("N0", CultureInfo.InvariantCulture),
    };

    private static string Bytes(long value) => value switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{value / (double)(1L << 30):F2} GiB"),
        >= 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{value / (double)(1 << 20):F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value / (double)(1 << 10):F1} KiB"),
    };
}
