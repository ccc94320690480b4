using System.CommandLine;
using System.CommandLine.Parsing;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Fourteen.Cli.Commands;

/// <summary>
/// Options of <c>fourteen serve</c> from a YAML file: each key is an option's name, so that there is one list of
/// options and one check of their values. What the command line says wins over the file.
/// </summary>
internal static class ServeConfigFile
{
    /// <summary>The only key that is no option: the models, as a list or one by itself.</summary>
    private const string Models = "models";

    /// <summary>A configuration has a page; more than this is another file.</summary>
    private const long BytesMax = 1 << 20;

    /// <summary>The command line as it would be with the file's options in it.</summary>
    /// <exception cref="UsageException">The file is not there, is no YAML, or has a key that is no option.</exception>
    internal static ParseResult Merge(Command command, ParseResult parsed, string path)
    {
        var arguments = new List<string>();
        bool namesModels = parsed.CommandResult.Children.OfType<ArgumentResult>()
            .Any(result => result.Tokens.Count > 0);
        foreach ((string key, IReadOnlyList<string> values) in Read(path))
        {
            if (key == Models)
            {
                if (!namesModels)
                    arguments.AddRange(values);
                continue;
            }

            Option option = command.Options.FirstOrDefault(option => option.Name == $"--{key}" && key != "config")
                ?? throw new UsageException($"{path}: there is no option {key}; see fourteen serve --help");
            if (parsed.GetResult(option) is { Implicit: false })
                continue;
            AddOption(arguments, option, values, path);
        }

        arguments.AddRange(parsed.Tokens.Skip(1).Select(token => token.Value));
        ParseResult merged = command.Parse(arguments, Program.Parsing);
        return merged.Errors.Count == 0
            ? merged
            : throw new UsageException($"{path}: {string.Join("; ", merged.Errors.Select(error => error.Message))}");
    }

    private static void AddOption(
        List<string> arguments, Option option, IReadOnlyList<string> values, string path)
    {
        if (option.ValueType != typeof(bool))
        {
            foreach (string value in values)
                arguments.AddRange([option.Name, value]);
            return;
        }

        if (values is not ["true" or "false"])
            throw new UsageException($"{path}: {option.Name[2..]} must be true or false");
        if (values is ["true"])
            arguments.Add(option.Name);
    }

    private static IEnumerable<(string Key, IReadOnlyList<string> Values)> Read(string path)
    {
        var stream = new YamlStream();
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
                throw new UsageException($"--config: there is no file {path}");
            if (info.Length > BytesMax)
                throw new UsageException($"--config: {path} has {info.Length} bytes, more than {BytesMax}");
            using StreamReader reader = info.OpenText();
            stream.Load(reader);
        }
        catch (YamlException e)
        {
            throw new UsageException($"{path}: line {e.Start.Line}: {e.Message}");
        }

        if (stream.Documents.Count == 0)
            yield break;
        if (stream.Documents[0].RootNode is not YamlMappingNode mapping)
            throw new UsageException($"{path}: must be options as \"name: value\"");
        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            string name = (key as YamlScalarNode)?.Value ?? "";
            yield return (name, value switch
            {
                YamlScalarNode { Value: { } text } => [text],
                YamlSequenceNode list when list.All(item => item is YamlScalarNode) =>
                    [.. list.Cast<YamlScalarNode>().Select(item => item.Value ?? "")],
                _ => throw new UsageException($"{path}: {name} must be a value or a list of values"),
            });
        }
    }
}
