using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>The safetensors files of a folder: one, or several with an index that says which tensor is in which.
/// </summary>
internal static class SafeTensorsShards
{
    /// <summary>An index has about 100 bytes for each tensor.</summary>
    private const int IndexBytesMax = 64 << 20;

    /// <summary>What file systems accept.</summary>
    private const int FileNameCharsMax = 255;

    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    /// <param name="owned">Receives each file as soon as it is open.</param>
    internal static IEnumerable<(SafeTensorsFile File, SafeTensor Tensor)> Open(string folder, List<IDisposable> owned)
    {
        if (File.Exists(Path.Combine(folder, SingleName)))
        {
            SafeTensorsFile file = OpenFile(folder, SingleName, owned);
            return file.Tensors.Select(tensor => (file, tensor));
        }

        JsonSettings? index = JsonSettings.Find(folder, IndexName, IndexBytesMax);
        if (index is not null)
            return OpenIndexed(folder, index, owned);
        bool hasGguf = Directory.EnumerateFiles(folder, "*.gguf").Any();
        throw new ModelFileException(
            folder, SingleName, $"neither this file nor {IndexName} is in the folder",
            hasGguf ? "name the .gguf file in it instead" : "download the model's safetensors files");
    }

    private static SafeTensorsFile OpenFile(string folder, string name, List<IDisposable> owned)
    {
        SafeTensorsFile file = SafeTensorsFile.Open(Path.Combine(folder, name));
        owned.Add(file);
        return file;
    }

    private static List<(SafeTensorsFile File, SafeTensor Tensor)> OpenIndexed(
        string folder, JsonSettings index, List<IDisposable> owned)
    {
        JsonSettings map = index.FindObject("weight_map")
            ?? throw index.Refuse("weight_map", "this key must be there, but it is missing");
        List<(SafeTensorsFile, SafeTensor)> found = [];
        Dictionary<string, string> fileOf = new(StringComparer.Ordinal);
        Dictionary<string, Dictionary<string, SafeTensor>> byFile = new(StringComparer.Ordinal);
        Dictionary<string, SafeTensorsFile> opened = new(StringComparer.Ordinal);
        foreach (JsonProperty property in map.Properties)
        {
            string name = property.Name;
            string fileName = FileName(map, property);
            if (!opened.TryGetValue(fileName, out SafeTensorsFile? file))
            {
                file = OpenFile(folder, fileName, owned);
                opened.Add(fileName, file);
                byFile.Add(fileName, file.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal));
            }

            if (!byFile[fileName].TryGetValue(name, out SafeTensor? tensor))
                throw map.Refuse(name, $"{fileName} must hold this tensor, but it does not", "download it again");
            found.Add((file, tensor));
            fileOf.Add(name, fileName);
        }

        CheckAgainst(fileOf, opened);
        return found;
    }

    /// <summary>A tensor that the index does not place in its file belongs to another model, or is there twice.
    /// </summary>
    private static void CheckAgainst(Dictionary<string, string> fileOf, Dictionary<string, SafeTensorsFile> opened)
    {
        foreach ((string fileName, SafeTensorsFile file) in opened)
        {
            foreach (SafeTensor tensor in file.Tensors)
            {
                string? place = fileOf.GetValueOrDefault(tensor.Name);
                if (place != fileName)
                {
                    throw new ModelFileException(
                        file.Path, GgufCursor.Printable(tensor.Name),
                        place is null
                            ? $"this tensor is not in {IndexName}"
                            : $"by {IndexName} this tensor is in {place}, but it is here too",
                        "download the index and the files again, from one version of the model");
                }
            }
        }
    }

    /// <summary>A plain file name: an index must not reach outside its folder.</summary>
    private static string FileName(JsonSettings map, JsonProperty tensor)
    {
        string name = tensor.Value.ValueKind == JsonValueKind.String ? tensor.Value.GetString() ?? "" : "";
        if (name.Length is 0 or > FileNameCharsMax || name.AsSpan().ContainsAny('/', '\\', ':')
            || name.Any(char.IsControl) || !name.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            throw map.Refuse(
                tensor.Name, $"a safetensors file beside the index is wanted here, found {GgufCursor.Printable(name)}");
        }

        return name;
    }
}
