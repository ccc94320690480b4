using System.Runtime.InteropServices;
using Fourteen.Engine.Gguf;
using Fourteen.Formats;
using Fourteen.Kernels.Memory;

namespace Fourteen.Engine.SafeTensors;

/// <summary>The tensors of a folder under GGUF's names.</summary>
internal static class HuggingFaceTensors
{
    private const string OutputName = "output.weight";

    /// <param name="tied">Whether the output matrix is the embedding.</param>
    /// <param name="factors">Divisors that config.json holds and a GGUF file has as tensors, or null.</param>
    /// <param name="owned">Receives the files and the memory that the tensors point into.</param>
    internal static TensorDirectory Open(
        string folder, HuggingFaceFamily family, GgufMetadata metadata, bool tied, LongRopeFactors? factors,
        List<IDisposable> owned)
    {
        Dictionary<string, TensorEntry> entries = new(StringComparer.Ordinal);
        FusedExperts? fused = FusedExperts.Find(metadata, family.Architecture);
        HuggingFaceNames names = new(
            family, metadata.RequireInteger(family.Architecture + ".block_count"), fused?.Experts ?? 0);
        foreach ((SafeTensorsFile file, SafeTensor tensor) in SafeTensorsShards.Open(folder, owned))
        {
            if (names.IsSkipped(tensor.Name))
                continue;
            TensorEntry whole = ToEntry(file, tensor, names.ToGguf(file.Path, tensor.Name));
            foreach (TensorEntry entry in fused?.Split(file.Path, tensor.Name, whole) ?? [whole])
            {
                if (!entries.TryAdd(entry.Name, entry))
                {
                    throw new ModelFileException(
                        file.Path, GgufCursor.Printable(tensor.Name), $"two tensors become {entry.Name}");
                }
            }
        }

        if (tied)
        {
            entries.Remove(OutputName);
        }
        else if (!entries.ContainsKey(OutputName))
        {
            throw new ModelFileException(
                folder, "lm_head.weight", "this tensor must be there, since tie_word_embeddings is not true",
                "check that the files are complete");
        }

        if (factors is not null)
        {
            entries.Add("rope_factors_short.weight", Keep("rope_factors_short.weight", factors.Short, owned));
            entries.Add("rope_factors_long.weight", Keep("rope_factors_long.weight", factors.Long, owned));
        }

        return new TensorDirectory([.. entries.Values]);
    }

    private static TensorEntry ToEntry(SafeTensorsFile file, SafeTensor tensor, string name)
    {
        GgmlType type = tensor.Dtype switch
        {
            "F32" => GgmlType.F32,
            "F16" => GgmlType.F16,
            "BF16" => GgmlType.BF16,
            _ => throw new ModelFileException(
                file.Path, GgufCursor.Printable(tensor.Name),
                $"the dtype must be F32, F16 or BF16, found {tensor.Dtype}",
                "use the BF16 or F16 model, or a GGUF file"),
        };
        if (tensor.Shape.Length is 0 or > 4 || tensor.Shape.Contains(0))
        {
            throw new ModelFileException(
                file.Path, GgufCursor.Printable(tensor.Name),
                $"one to four dimensions of 1 or more are wanted, found [{string.Join(", ", tensor.Shape)}]");
        }

        long[] dimensions = [.. tensor.Shape.Reverse()];
        return new TensorEntry(name, type, dimensions, file.Address(tensor), tensor.End - tensor.Begin)
        {
            File = file.Mapped,
        };
    }

    private static TensorEntry Keep(string name, float[] values, List<IDisposable> owned)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes<float>(values);
        AlignedBuffer buffer = new(bytes.Length, zeroed: false);
        owned.Add(buffer);
        bytes.CopyTo(buffer.Span(0, bytes.Length));
        return new TensorEntry(name, GgmlType.F32, [values.Length], buffer.Address, bytes.Length);
    }
}
