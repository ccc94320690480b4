using System.Runtime.InteropServices;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Formats;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Quantization;

namespace Fourteen.Peers;

/// <summary>
/// Writes any model that we can open, file or folder, as a GGUF file with 32-bit weights and no vocabulary, so that
/// llama.cpp computes with the very same numbers: its 16-bit products round activations too.
/// </summary>
internal static class PlainGguf
{
    internal static async Task WriteAsync(ModelFile model, string path)
    {
        ModelConfig config = ModelConfig.Read(model, new RopeOptions());
        string architecture = config.Architecture.Name;
        List<KeyValuePair<string, object>> values =
        [
            new("general.architecture", architecture),
            new("general.name", "plain"),
            new("tokenizer.ggml.model", "no_vocab"),
        ];
        foreach (string key in model.Metadata.Keys.Where(
            key => key.StartsWith($"{architecture}.", StringComparison.Ordinal)
                && !key.EndsWith(".vocab_size", StringComparison.Ordinal)))
        {
            values.Add(new(key, ToGguf(model.Metadata.FindValue(key)!))); // Listed keys have values.
        }

        values.Add(new($"{architecture}.vocab_size", (uint)config.Vocabulary));
        TensorEntry[][] roles =
        [
            .. model.Tensors.All.GroupBy(tensor => StackedName(tensor.Name))
                .Select(role => role.OrderBy(tensor => Expert(tensor.Name)).ToArray()),
        ];
        await using FileStream file = File.Create(path);
        var writer = new GgufWriter(file, [.. roles.Select(Describe)]);
        await writer.WriteHeadAsync(values, CancellationToken.None);
        foreach (TensorEntry[] parts in roles)
        {
            float[] floats = [.. parts.SelectMany(tensor => Values(tensor, config))];
            await writer.WriteAsync(MemoryMarshal.AsBytes(floats.AsSpan()).ToArray(), CancellationToken.None);
        }

        await writer.FinishAsync(CancellationToken.None);
    }

    private static GgufTensor Describe(TensorEntry[] parts)
    {
        string name = StackedName(parts[0].Name);
        long[] one = parts[0].Dimensions;
        return new GgufTensor(name, GgmlType.F32, name == parts[0].Name ? one : [.. one, parts.Length]);
    }

    private static object ToGguf(object value) => value switch
    {
        long number => (uint)number,
        double number => (float)number,
        _ => value,
    };

    /// <summary>A tensor for each expert becomes a part of one for all: blk.0.ffn_up.3 of blk.0.ffn_up_exps.</summary>
    private static string StackedName(string name)
    {
        string[] parts = name.Split('.');
        return parts.Length == 5 ? $"{parts[0]}.{parts[1]}.{parts[2]}_exps.{parts[4]}" : name;
    }

    private static int Expert(string name) => name.Split('.') is { Length: 5 } parts ? int.Parse(
        parts[3], System.Globalization.CultureInfo.InvariantCulture) : 0;

    private static float[] Values(TensorEntry tensor, ModelConfig config)
    {
        float[] values = new float[tensor.Elements];
        Dequantizer.Row(tensor.Type, tensor.Address, values);
        if (tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal))
        {
            for (int i = 0; i < values.Length; i++)
                values[i] += config.NormOffset;
        }

        // A GGUF file of the llama architecture has query and key rows permuted, a folder has them not.
        bool permuted = config.Architecture.RopePairs == RopePairs.Adjacent && config.RopePairs == RopePairs.Halves;
        bool turned = tensor.Name.Contains("attn_q.", StringComparison.Ordinal)
            || tensor.Name.Contains("attn_k.", StringComparison.Ordinal);
        return permuted && turned ? Permute(values, config.HeadDim, (int)tensor.Columns) : values;
    }

    private static float[] Permute(float[] values, int headDim, int columns)
    {
        float[] target = new float[values.Length];
        for (int row = 0; row < values.Length / columns; row++)
        {
            int lane = row % headDim, half = headDim / 2;
            int to = row - lane + (2 * (lane % half)) + (lane / half);
            values.AsSpan(row * columns, columns).CopyTo(target.AsSpan(to * columns));
        }

        return target;
    }
}
