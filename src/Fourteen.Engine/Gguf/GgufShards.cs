using System.Globalization;

namespace Fourteen.Engine.Gguf;

/// <summary>
/// The parts of a model that is split over files named <c>PREFIX-00001-of-00003.gguf</c> and so on. The first file has
/// all metadata; each has tensors of its own, and <c>split.no</c>, <c>split.count</c> and <c>split.tensors.count</c>.
/// </summary>
internal static class GgufShards
{
    private const string Extension = ".gguf";

    // "-00001-of-00003.gguf"
    private const int SuffixChars = 6 + 4 + 5 + 5;

    /// <summary>Number of files of the model, as the metadata of one of them says; 1 where it is not split.</summary>
    internal static int Count(GgufMetadata metadata)
    {
        long count = metadata.FindInteger("split.count") ?? 1;
        if (count is < 0 or > 99_999)
        {
            throw new ModelFileException(
                metadata.Path, "split.count", $"a model has at most 99999 files, found {count}");
        }

        return Math.Max((int)count, 1);
    }

    /// <summary>
    /// Checks that <paramref name="first"/> is the first of <paramref name="count"/> files, and opens the others:
    /// the files are added to <paramref name="owned"/>, their tensors to <paramref name="tensors"/>.
    /// </summary>
    internal static void ReadRest(GgufHead first, int count, List<ModelBytes> owned, List<TensorEntry> tensors)
    {
        GgufMetadata metadata = first.Metadata;
        string prefix = CheckFirst(metadata, count);
        HashSet<string> names = tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        for (int index = 1; index < count; index++)
        {
            string path = Name(prefix, index, count);
            if (!File.Exists(path))
            {
                throw new ModelFileException(
                    metadata.Path, "split.count",
                    $"the model has {count} files, but {Path.GetFileName(path)} is not beside this one",
                    "download the missing file into the same folder");
            }

            ModelBytes part = ModelBytes.Open(path);
            owned.Add(part);
            GgufHead head = GgufReader.Read(part);
            CheckPart(head.Metadata, index, count);
            foreach (TensorEntry tensor in head.Tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new ModelFileException(
                        path, GgufCursor.Printable(tensor.Name), "a tensor of this name is in an earlier file already");
                }

                tensors.Add(tensor);
            }
        }

        long expected = metadata.FindInteger("split.tensors.count") ?? tensors.Count;
        if (expected != tensors.Count)
        {
            throw new ModelFileException(
                metadata.Path, "split.tensors.count",
                $"the files together must hold {expected} tensors, found {tensors.Count}", "download the model again");
        }
    }

    /// <summary>The prefix of the names, once it is sure that this is the first file.</summary>
    private static string CheckFirst(GgufMetadata metadata, int count)
    {
        string path = metadata.Path;
        (string Prefix, int Number, int Count)? named = Parse(path);
        long index = metadata.FindInteger("split.no") ?? (named?.Number - 1) ?? 0;
        if (index != 0)
        {
            string first = named is { } parts ? Path.GetFileName(Name(parts.Prefix, 0, count)) : "the first file";
            throw new ModelFileException(
                path, "split.no", $"this is file {index + 1} of {count} of a split model", $"open {first} instead");
        }

        if (named is not { } name || name.Number != 1 || name.Count != count)
        {
            throw new ModelFileException(
                path, "split.count", $"the first of {count} files of a split model must be named "
                + $"{Path.GetFileName(Name("NAME", 0, count))}, so that the others are found beside it",
                "give the files their original names");
        }

        return name.Prefix;
    }

    private static void CheckPart(GgufMetadata metadata, int index, int count)
    {
        long foundIndex = metadata.RequireInteger("split.no");
        if (foundIndex != index)
        {
            throw new ModelFileException(
                metadata.Path, "split.no", $"the file named as number {index + 1} must have split.no {index}, "
                + $"found {foundIndex}", "give the files their original names");
        }

        long foundCount = metadata.RequireInteger("split.count");
        if (foundCount != count)
        {
            throw new ModelFileException(
                metadata.Path, "split.count", $"the first file says {count} files, this one says {foundCount}",
                "download the model again: files of two versions are mixed");
        }
    }

    private static string Name(string prefix, int index, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}-{index + 1:D5}-of-{count:D5}{Extension}");

    private static (string Prefix, int Number, int Count)? Parse(string path)
    {
        if (path.Length < SuffixChars)
            return null;
        ReadOnlySpan<char> suffix = path.AsSpan(path.Length - SuffixChars);
        bool matches = suffix[0] == '-' && suffix[6..10] is "-of-" && suffix[15..] is Extension
            && !suffix[1..6].ContainsAnyExceptInRange('0', '9') && !suffix[10..15].ContainsAnyExceptInRange('0', '9');
        if (!matches)
            return null;
        return (path[..^SuffixChars], int.Parse(suffix[1..6], CultureInfo.InvariantCulture),
            int.Parse(suffix[10..15], CultureInfo.InvariantCulture));
    }
}
