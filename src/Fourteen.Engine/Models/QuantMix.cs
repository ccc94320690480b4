using Fourteen.Formats;

namespace Fourteen.Engine.Models;

/// <summary>
/// Which type each matrix of a model gets under a name such as Q4_K_M: the rules of llama.cpp's quantizer
/// (<c>llama-quant.cpp</c>), without an importance matrix. <c>pure:TYPE</c> stores every matrix in one type.
/// </summary>
public sealed class QuantMix
{
    private readonly bool _pure;

    private QuantMix(string name, GgmlType type, int fileType, bool pure)
    {
        Name = name;
        Base = type;
        FileType = fileType;
        _pure = pure;
    }

    /// <summary>The name as llama-quantize takes it.</summary>
    public string Name { get; }

    /// <summary>The type of matrices that no rule is about.</summary>
    public GgmlType Base { get; }

    /// <summary>Value of <c>general.file_type</c>.</summary>
    public int FileType { get; }

    private const string Pure = "pure:";

    private static readonly QuantMix[] Rows =
    [
        Row("F32", GgmlType.F32, 0), Row("F16", GgmlType.F16, 1), Row("BF16", GgmlType.BF16, 32),
        Row("Q8_0", GgmlType.Q8_0, 7), Row("Q6_K", GgmlType.Q6_K, 18),
        Row("Q5_K_M", GgmlType.Q5_K, 17), Row("Q5_K_S", GgmlType.Q5_K, 16),
        Row("Q5_1", GgmlType.Q5_1, 9), Row("Q5_0", GgmlType.Q5_0, 8),
        Row("Q4_K_M", GgmlType.Q4_K, 15), Row("Q4_K_S", GgmlType.Q4_K, 14),
        Row("Q4_1", GgmlType.Q4_1, 3), Row("Q4_0", GgmlType.Q4_0, 2),
        Row("IQ4_NL", GgmlType.IQ4_NL, 25), Row("IQ4_XS", GgmlType.IQ4_XS, 30),
        Row("Q3_K_L", GgmlType.Q3_K, 13), Row("Q3_K_M", GgmlType.Q3_K, 12), Row("Q3_K_S", GgmlType.Q3_K, 11),
        Row("IQ3_M", GgmlType.IQ3_S, 27), Row("IQ3_S", GgmlType.IQ3_S, 26),
        Row("IQ3_XS", GgmlType.IQ3_S, 22), Row("IQ3_XXS", GgmlType.IQ3_XXS, 23),
        Row("Q2_K", GgmlType.Q2_K, 10), Row("Q2_K_S", GgmlType.Q2_K, 21),
        Row("IQ2_M", GgmlType.IQ2_S, 29), Row("IQ2_S", GgmlType.IQ2_XS, 28),
        Row("IQ2_XS", GgmlType.IQ2_XS, 20), Row("IQ2_XXS", GgmlType.IQ2_XXS, 19),
        Row("IQ1_M", GgmlType.IQ1_M, 31), Row("IQ1_S", GgmlType.IQ1_S, 24),
        Row("TQ1_0", GgmlType.TQ1_0, 36), Row("TQ2_0", GgmlType.TQ2_0, 37),
        Row("MXFP4_MOE", GgmlType.MXFP4, 38), Row("Q1_0", GgmlType.Q1_0, 40), Row("Q2_0", GgmlType.Q2_0, 41),
    ];

    /// <summary>Every mix, but for the pure ones.</summary>
    public static IReadOnlyList<QuantMix> All => Rows;

    /// <summary>The mix of a name, in any case; null for one that does not exist.</summary>
    public static QuantMix? Find(string name)
    {
        if (!name.StartsWith(Pure, StringComparison.OrdinalIgnoreCase))
            return Array.Find(Rows, row => row.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        string wanted = name[Pure.Length..];
        GgmlTypeTraits? type = GgmlTypeTraits.All
            .FirstOrDefault(row => row.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase));
        if (type is null || !IsForWeights(type.Type))
            return null;
        QuantMix? usual = Array.Find(Rows, row => row.Base == type.Type);
        return new QuantMix(Pure + type.Type, type.Type, usual?.FileType ?? 0, pure: true);
    }

    /// <summary>Types that matrices are stored in.</summary>
    public static IReadOnlyList<GgmlType> WeightTypes { get; } =
        [.. GgmlTypeTraits.All.Select(row => row.Type).Where(IsForWeights)];

    /// <summary>Activation formats and integers are no storage of weights.</summary>
    private static bool IsForWeights(GgmlType type) =>
        type is not (GgmlType.Q8_1 or GgmlType.Q8_K or GgmlType.F64 or GgmlType.I8 or GgmlType.I16 or GgmlType.I32
            or GgmlType.I64);

    /// <summary>The type of a tensor of a model of <paramref name="shape"/>.</summary>
    /// <exception cref="RequestException">No type fits the length of its rows.</exception>
    public GgmlType TypeOf(TensorShape tensor, ModelShape shape)
    {
        if (!tensor.IsMatrix)
            return GgmlType.F32;
        long columns = tensor.Dimensions[0];
        if (Base is GgmlType.F32 or GgmlType.F16 or GgmlType.BF16)
            return Base;
        return Fit(_pure ? Base : Choose(tensor, shape), columns, tensor.Name);
    }

    private static QuantMix Row(string name, GgmlType type, int fileType) => new(name, type, fileType, pure: false);

    private bool Is(params ReadOnlySpan<string> names) => names.Contains(Name);

    /// <summary>The smallest mixes, which protect what matters most by types of their own.</summary>
    private bool IsTiny => Is("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M");

    private GgmlType Choose(TensorShape tensor, ModelShape shape)
    {
        bool isOutput = tensor.Role == "output" || (tensor.Role == "token_embd" && shape.Tied);
        if (isOutput)
            return Output(tensor.Dimensions[0]);
        if (Name == "MXFP4_MOE")
            return tensor.Dimensions.Length > 2 ? GgmlType.MXFP4 : GgmlType.Q8_0;
        return tensor.Role switch
        {
            "token_embd" => Embedding(),
            "attn_v" => Value(tensor.Layer, shape),
            "attn_k" when shape.Experts == 8 => IsTiny ? GgmlType.Q4_K : GgmlType.Q8_0,
            "attn_q" or "attn_k" when Is("IQ3_XS") => GgmlType.IQ3_XXS,
            "attn_q" or "attn_k" when Is("IQ3_XXS") => GgmlType.IQ2_S,
            "attn_output" => AttentionOutput(shape),
            "ffn_down" or "ffn_down_exps" => Down(tensor.Layer, shape),
            "ffn_gate" or "ffn_up" or "ffn_gate_exps" or "ffn_up_exps" when Is("IQ3_XS")
                && tensor.Layer >= shape.Layers / 8 && tensor.Layer < 7 * shape.Layers / 8 => GgmlType.IQ3_XXS,
            _ => Base,
        };
    }

    private GgmlType Output(long columns)
    {
        if (Name == "MXFP4_MOE" || Base == GgmlType.Q8_0 || columns % GgmlTypeTraits.Of(Base).BlockElements != 0)
            return GgmlType.Q8_0;
        return IsTiny || Is("IQ3_XXS") ? GgmlType.Q5_K : GgmlType.Q6_K;
    }

    private GgmlType Embedding() => Name switch
    {
        "IQ1_S" or "IQ1_M" or "IQ2_XXS" or "IQ2_XS" => GgmlType.Q2_K,
        "IQ2_S" or "IQ2_M" or "IQ3_XXS" => GgmlType.IQ3_S,
        "TQ1_0" or "TQ2_0" or "Q2_0" => GgmlType.Q4_K,
        _ => Base,
    };

    private GgmlType Value(int layer, ModelShape shape)
    {
        bool shared = shape.HeadsPerKv >= 4;
        if (IsTiny)
        {
            return shared || shape.Experts >= 4 ? GgmlType.Q4_K
                : Is("IQ2_S", "IQ2_M") ? GgmlType.IQ3_S : GgmlType.Q2_K;
        }

        if (shape.Experts == 8)
            return GgmlType.Q8_0;
        GgmlType type = Name switch
        {
            "Q2_K" => shared ? GgmlType.Q4_K : GgmlType.Q3_K,
            "Q2_K_S" or "IQ3_XS" or "IQ3_S" when shared => GgmlType.Q4_K,
            "IQ3_XXS" => shared ? GgmlType.Q4_K : GgmlType.IQ3_S,
            "IQ3_M" => GgmlType.Q4_K,
            "Q3_K_M" => layer < 2 ? GgmlType.Q5_K : GgmlType.Q4_K,
            "Q3_K_L" => GgmlType.Q5_K,
            "IQ4_NL" or "IQ4_XS" when shared => GgmlType.Q5_K,
            "Q4_K_M" or "Q5_K_M" when HasMoreBits(layer, shape.Layers) => GgmlType.Q6_K,
            "Q4_K_S" when layer < 4 => GgmlType.Q5_K,
            _ => Base,
        };
        // Llama's models of 80 layers have few value heads, so that a better type costs them little.
        bool isLarge = shape is { Architecture: "llama", Layers: 80 };
        return isLarge && (type is GgmlType.Q3_K or GgmlType.Q4_K) ? GgmlType.Q5_K : type;
    }

    private GgmlType AttentionOutput(ModelShape shape)
    {
        if (shape.Experts == 8)
        {
            bool small = IsTiny || Is(
                "Q2_K", "IQ3_XS", "IQ3_XXS", "Q3_K_S", "Q3_K_M", "IQ4_NL", "Q4_K_S", "Q4_K_M", "IQ3_S", "IQ3_M",
                "IQ4_XS");
            return small ? GgmlType.Q5_K : Base;
        }

        return Name switch
        {
            "IQ1_S" or "IQ1_M" => GgmlType.IQ2_XXS,
            "IQ2_S" or "IQ2_M" or "IQ3_XXS" => GgmlType.IQ3_S,
            "Q2_K" => GgmlType.Q3_K,
            "Q3_K_M" or "IQ3_M" => GgmlType.Q4_K,
            "Q3_K_L" => GgmlType.Q5_K,
            _ => Base,
        };
    }

    private GgmlType Down(int layer, ModelShape shape)
    {
        bool first = layer < shape.Layers / 8;
        return Name switch
        {
            "IQ1_S" or "IQ1_M" or "IQ2_XXS" or "IQ2_XS" when first => GgmlType.Q2_K,
            "IQ2_S" or "IQ2_M" when first => GgmlType.IQ3_S,
            "Q2_K" => GgmlType.Q3_K,
            "Q2_K_S" when first => GgmlType.Q4_K,
            "IQ3_XXS" => first ? GgmlType.Q4_K : GgmlType.Q3_K,
            "Q3_K_M" => layer < shape.Layers / 16 ? GgmlType.Q5_K : GgmlType.Q4_K,
            "IQ3_M" when first || (shape.Experts == 8 && HasMoreBits(layer, shape.Layers)) => GgmlType.Q4_K,
            "Q3_K_L" => GgmlType.Q5_K,
            "Q4_K_M" or "Q5_K_M" when HasMoreBits(layer, shape.Layers) => GgmlType.Q6_K,
            "IQ4_NL" or "IQ4_XS" or "Q4_K_S" when first => GgmlType.Q5_K,
            _ => Base,
        };
    }

    /// <summary>The first and the last eighth of the layers, and every third between.</summary>
    private static bool HasMoreBits(int layer, int layers) =>
        layer < layers / 8 || layer >= 7 * layers / 8 || (layer - (layers / 8)) % 3 == 2;

    /// <summary>The type itself, or the nearest whose blocks divide the rows.</summary>
    private GgmlType Fit(GgmlType type, long columns, string tensor)
    {
        if (columns % GgmlTypeTraits.Of(type).BlockElements == 0)
            return type;
        GgmlType nearest = type switch
        {
            GgmlType.Q4_K => GgmlType.Q5_0,
            GgmlType.Q5_K => GgmlType.Q5_1,
            GgmlType.Q6_K => GgmlType.Q8_0,
            GgmlType.Q2_K or GgmlType.Q3_K or GgmlType.TQ1_0 or GgmlType.TQ2_0 or GgmlType.Q2_0 => GgmlType.Q4_0,
            GgmlType.IQ1_S or GgmlType.IQ1_M or GgmlType.IQ2_XXS or GgmlType.IQ2_XS or GgmlType.IQ2_S
                or GgmlType.IQ3_XXS or GgmlType.IQ3_S or GgmlType.IQ4_XS => GgmlType.IQ4_NL,
            _ => throw new RequestException(
                "quant", $"{tensor}: rows of {columns} are no multiple of the "
                + $"{GgmlTypeTraits.Of(type).BlockElements} elements that a block of {type} has, and {Name} has no "
                + "other type for them"),
        };
        return columns % GgmlTypeTraits.Of(nearest).BlockElements == 0 ? nearest : GgmlType.F16;
    }
}
