using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Cli.Batches;
using Fourteen.Engine;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Gguf;

namespace Fourteen.Cli.Commands;

/// <summary>The chat template that MODEL means, and the variables that come from the model with it.</summary>
/// <param name="Template">The parsed template.</param>
/// <param name="Tokens">Texts of <c>bos_token</c> and <c>eos_token</c>, as far as the model has them.</param>
internal sealed record TemplateSource(ChatTemplate Template, IReadOnlyDictionary<string, string> Tokens)
{
    private const string ConfigName = "tokenizer_config.json";
    private const string TemplateName = "chat_template.jinja";
    private const string GgufTemplateKey = "tokenizer.chat_template";
    private const string Remedy = "pass a file with a Jinja template instead of the model";

    /// <summary>
    /// A Jinja file, a GGUF file, a <c>tokenizer_config.json</c> (or the <c>tokenizer.json</c> beside it), or a folder.
    /// </summary>
    public static TemplateSource Load(string model)
    {
        if (Directory.Exists(model))
            return FromFolder(model);
        string path = ModelArgument.RequireFile(model);
        if (ModelArgument.IsJson(path))
            return FromFolder(Path.GetDirectoryName(Path.GetFullPath(path))!); // a file has a folder
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)
            ? FromGguf(path)
            : new TemplateSource(ChatTemplate.Parse(Path.GetFileName(path), ReadText(path)), NoTokens);
    }

    private static Dictionary<string, string> NoTokens => [];

    private static TemplateSource FromFolder(string folder)
    {
        string configPath = Path.Combine(folder, ConfigName);
        JsonElement config = File.Exists(configPath) ? ReadConfig(configPath) : default;
        Dictionary<string, string> tokens = TokensOf(config);

        // Newer models keep the template in a file of its own, which then counts (transformers does the same).
        string templatePath = Path.Combine(folder, TemplateName);
        if (File.Exists(templatePath))
            return new TemplateSource(ChatTemplate.Parse(TemplateName, ReadText(templatePath)), tokens);
        if (FindTemplate(config, configPath) is { } source)
            return new TemplateSource(ChatTemplate.Parse(ConfigName, source), tokens);
        return ModelArgument.FindGguf(folder) is { } gguf
            ? FromGguf(gguf)
            : throw new ModelFileException(
                folder, "", $"the folder has no chat template in {TemplateName}, {ConfigName} or a GGUF file", Remedy);
    }

    private static TemplateSource FromGguf(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufMetadata metadata = file.Metadata;
        string source = metadata.FindString(GgufTemplateKey)
            ?? throw new ModelFileException(path, GgufTemplateKey, "the model has no chat template", Remedy);
        var tokens = new Dictionary<string, string>();
        string[] pieces = metadata.FindStrings("tokenizer.ggml.tokens") ?? [];
        foreach (string name in new[] { "bos", "eos" })
        {
            if (metadata.FindInteger($"tokenizer.ggml.{name}_token_id") is long id && id >= 0 && id < pieces.Length)
                tokens.Add($"{name}_token", pieces[id]);
        }

        return new TemplateSource(ChatTemplate.Parse(Path.GetFileName(path), source), tokens);
    }

    private static JsonElement ReadConfig(string path)
    {
        try
        {
            return BatchRow.ParseObject(ModelArgument.Read(path), "the file");
        }
        catch (RowException e)
        {
            throw new ModelFileException(path, "", e.Message, "", e);
        }
    }

    /// <summary>One template, or the one named default of a list of named ones.</summary>
    private static string? FindTemplate(JsonElement config, string path)
    {
        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("chat_template", out JsonElement found))
            return null;
        switch (found.ValueKind)
        {
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.String:
                return found.GetString();
            case JsonValueKind.Array:
                return found.EnumerateArray().Where(item => StringOf(item, "name") == "default")
                    .Select(item => StringOf(item, "template")).FirstOrDefault(source => source is not null)
                    ?? throw new ModelFileException(
                        path, "chat_template", "a list of templates must have one that is named default", Remedy);
            default:
                throw new ModelFileException(
                    path, "chat_template", $"must be a string or a list, found {BatchRow.Describe(found)}");
        }
    }

    /// <summary>A token stands as its text or as an object with the text in <c>content</c>.</summary>
    private static Dictionary<string, string> TokensOf(JsonElement config)
    {
        var tokens = new Dictionary<string, string>();
        foreach (string name in new[] { "bos_token", "eos_token" })
        {
            string? text = StringOf(config, name);
            if (text is null && config.ValueKind == JsonValueKind.Object
                && config.TryGetProperty(name, out JsonElement token))
                text = StringOf(token, "content");
            if (text is not null)
                tokens.Add(name, text);
        }

        return tokens;
    }

    private static string? StringOf(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement found)
            && found.ValueKind == JsonValueKind.String
            ? found.GetString()
            : null;

    private static string ReadText(string path)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(ModelArgument.Read(path))
                .TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFileException(
                path, "", "a template must be UTF-8 text, but this file has bytes that are not", "", e);
        }
    }
}
