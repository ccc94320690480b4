using System.CommandLine;
using Fourteen.Engine;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.SafeTensors;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Cli.Commands;

/// <summary>
/// The argument MODEL of the verbs that need a model's text side only: which file it means, and the tokenizer in it.
/// </summary>
internal static class ModelArgument
{
    /// <summary>Limit of a tokenizer's file other than GGUF: the largest known have tens of MB.</summary>
    private const int BytesMax = 512 << 20;

    /// <summary>What a folder's tokenizer may be called; the first that is there counts.</summary>
    private static readonly string[] TokenizerFiles = ["tokenizer.json", "tekken.json", "tokenizer.model"];

    public static Argument<string> Create(string kinds) =>
        new("MODEL") { Description = $"A path: {kinds}.", HelpName = "MODEL" };

    /// <summary>MODEL of the verbs that compute: without it the embedded model answers.</summary>
    public static Argument<string?> CreateOptional() => new("MODEL")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "A GGUF file, or a folder that holds one, or safetensors with config.json; else the "
            + "embedded SmolLM2-135M.",
        HelpName = "MODEL",
    };

    /// <summary>
    /// The file or folder with weights that the user means: a folder without safetensors stands for the only GGUF file
    /// in it.
    /// </summary>
    public static string FindWeights(string model)
    {
        bool holdsSafetensors = File.Exists(Path.Combine(model, "model.safetensors"))
            || File.Exists(Path.Combine(model, "model.safetensors.index.json"));
        return Directory.Exists(model) && !holdsSafetensors && FindGguf(model) is { } file ? file : model;
    }

    /// <summary>
    /// The tokenizer of a GGUF file, a tokenizer.json, Mistral's tekken.json or a SentencePiece model (each may be
    /// gzipped), or of a folder that holds one of them.
    /// </summary>
    public static Tokenizer LoadTokenizer(string model)
    {
        string path = Directory.Exists(model) ? FindTokenizerFile(model) : RequireFile(model);
        if (IsJson(path))
        {
            return Path.GetFileName(path).StartsWith("tekken", StringComparison.OrdinalIgnoreCase)
                ? Tokenizer.FromTekken(path, Read(path))
                : Tokenizer.FromTokenizerJson(path, Read(path));
        }

        if (WithoutGzip(path).EndsWith(".model", StringComparison.OrdinalIgnoreCase))
            return Tokenizer.FromSentencePiece(path, Read(path));
        using GgufFile file = GgufFile.Open(path);
        return Tokenizer.FromGguf(file.Metadata);
    }

    /// <summary>The only GGUF file of a folder, the first part where it is split; null where there is none.</summary>
    public static string? FindGguf(string folder)
    {
        string[] found =
        [
            .. Directory.EnumerateFiles(folder)
                .Where(path => WithoutGzip(path).EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
                .Where(path => !IsLaterPart(path)),
        ];
        return found.Length switch
        {
            0 => null,
            1 => found[0],
            _ => throw new ModelFileException(
                folder, "", $"the folder must hold one GGUF model, found {found.Length}", "name the file"),
        };
    }

    /// <summary>Whether the file is JSON by its name, gzipped or not.</summary>
    public static bool IsJson(string path) =>
        WithoutGzip(path).EndsWith(".json", StringComparison.OrdinalIgnoreCase);

    /// <summary>The path itself, or an error where it names nothing.</summary>
    public static string RequireFile(string path) =>
        File.Exists(path) ? path : throw new ModelFileException(path, "", "there is no such file", "check the path");

    /// <summary>The bytes of a file that is not large, decompressed where it is gzipped.</summary>
    public static byte[] Read(string path) => SmallFile.Read(path, BytesMax);

    private static string FindTokenizerFile(string folder)
    {
        string? found = TokenizerFiles.SelectMany(name => new[] { name, $"{name}.gz" })
            .Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return found ?? FindGguf(folder) ?? throw new ModelFileException(
            folder, "", $"the folder holds neither {string.Join(", ", TokenizerFiles)} nor a GGUF file",
            "name a model's file or folder");
    }

    /// <summary>Parts of a split model are called …-00002-of-00003.gguf; the first one stands for all.</summary>
    private static bool IsLaterPart(string path)
    {
        string name = Path.GetFileNameWithoutExtension(WithoutGzip(path));
        return name.Length > 15 && name[^9..^5] == "-of-" && name[^15] == '-' && name[^14..^9] != "00001";
    }

    private static string WithoutGzip(string path) =>
        path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
}
