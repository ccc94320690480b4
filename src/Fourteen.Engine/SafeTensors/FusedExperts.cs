using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// All experts of a layer in two tensors, as transformers 5 holds them: gate_up_proj [experts, 2 · width, hidden] and
/// down_proj [experts, hidden, width]. Each expert's matrices are contiguous in them, so they become three entries of
/// older GGUF files' names that point into the file.
/// </summary>
/// <param name="Experts">Number of experts.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Width">Width of one expert.</param>
internal sealed record FusedExperts(long Experts, long Hidden, long Width)
{
    internal const string GateUp = "ffn_gate_up_exps";
    internal const string Down = "ffn_down_exps";

    private const string Suffix = ".weight";

    /// <summary>What the keys say; null where the model has no experts.</summary>
    internal static FusedExperts? Find(GgufMetadata metadata, string architecture)
    {
        if (metadata.FindInteger(architecture + ".expert_count") is not { } experts)
            return null;
        long width = metadata.FindInteger(architecture + ".expert_feed_forward_length")
            ?? metadata.RequireInteger(architecture + ".feed_forward_length");
        return new FusedExperts(experts, metadata.RequireInteger(architecture + ".embedding_length"), width);
    }

    /// <summary>The entries that <paramref name="tensor"/> stands for: itself, or one for each expert and matrix.
    /// </summary>
    /// <exception cref="ModelFileException">It holds fused experts of another shape.</exception>
    internal IEnumerable<TensorEntry> Split(string path, string name, TensorEntry tensor)
    {
        if (tensor.Name.EndsWith(GateUp + Suffix, StringComparison.Ordinal))
        {
            // Halved, not doubled: a product of what the file says could overflow.
            bool fits = tensor.Dimensions is [_, _, _] && tensor.Dimensions[1] % 2 == 0
                && Fits(tensor.Dimensions[0], tensor.Dimensions[1] / 2, tensor.Dimensions[2], Hidden, Width);
            return fits
                ? Slices(tensor, GateUp, [Hidden, Width], "ffn_gate", "ffn_up")
                : throw Refuse(path, name, tensor, "experts, 2 · width, hidden");
        }

        if (tensor.Name.EndsWith(Down + Suffix, StringComparison.Ordinal))
        {
            bool fits = tensor.Dimensions is [_, _, _]
                && Fits(tensor.Dimensions[0], tensor.Dimensions[1], tensor.Dimensions[2], Width, Hidden);
            return fits
                ? Slices(tensor, Down, [Width, Hidden], "ffn_down")
                : throw Refuse(path, name, tensor, "experts, hidden, width");
        }

        return [tensor];
    }

    private bool Fits(long columns, long rows, long experts, long wantedColumns, long wantedRows) =>
        columns == wantedColumns && rows == wantedRows && experts == Experts;

    private IEnumerable<TensorEntry> Slices(
        TensorEntry tensor, string fused, long[] dimensions, params string[] matrices)
    {
        string layer = tensor.Name[..^(fused.Length + Suffix.Length)];
        long bytes = tensor.Bytes / Experts / matrices.Length;
        for (long i = 0; i < Experts * matrices.Length; i++)
        {
            string name = $"{layer}{matrices[i % matrices.Length]}.{i / matrices.Length}{Suffix}";
            nint address = tensor.Address + (nint)(i * bytes);
            yield return tensor with { Name = name, Dimensions = dimensions, Address = address, Bytes = bytes };
        }
    }

    private ModelFileException Refuse(string path, string name, TensorEntry tensor, string wanted) => new(
        path, GgufCursor.Printable(name),
        $"the shape [{wanted}] is wanted for {Experts} experts of width {Width} and hidden size {Hidden}, found "
        + $"[{string.Join(", ", tensor.Dimensions.Reverse())}]",
        "if it is the transposed form of an older version of transformers, save the model with a newer one, or use a "
        + "GGUF file of it");
}
