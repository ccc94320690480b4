namespace Fourteen.Engine.Models;

/// <summary>A tensor that a model of some shape has, whatever it is stored in.</summary>
/// <param name="Name">Name in GGUF's spelling.</param>
/// <param name="Layer">Layer that it belongs to; −1 for those of the whole model.</param>
/// <param name="Dimensions">One to three, fastest first, as in a file.</param>
public sealed record TensorShape(string Name, int Layer, long[] Dimensions)
{
    /// <summary>The name without layer number and suffix: <c>attn_q</c>, <c>ffn_down_exps</c>, <c>token_embd</c>.
    /// </summary>
    public string Role => Name.Split('.')[Layer < 0 ? 0 : 2];

    /// <summary>Number of elements.</summary>
    public long Elements => Dimensions.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Vectors and routers stay 32-bit floats in every file.</summary>
    public bool IsMatrix => Dimensions.Length > 1 && Role != "ffn_gate_inp";

    /// <summary>Every tensor of a model, in the order of its layers.</summary>
    public static IReadOnlyList<TensorShape> Of(ModelShape shape)
    {
        List<TensorShape> tensors = [];
        void Whole(string role, params long[] dimensions) =>
            tensors.Add(new TensorShape($"{role}.weight", -1, dimensions));
        Whole("token_embd", shape.Hidden, shape.Vocabulary);
        Whole("output_norm", shape.Hidden);
        if (!shape.Tied)
            Whole("output", shape.Hidden, shape.Vocabulary);
        if (shape.RopeFactor > 0)
            Whole("rope_freqs", shape.HeadDim / 2);
        for (int layer = 0; layer < shape.Layers; layer++)
            tensors.AddRange(OfLayer(shape, layer));
        return tensors;
    }

    private static IEnumerable<TensorShape> OfLayer(ModelShape shape, int layer)
    {
        TensorShape At(string role, params long[] dimensions) => new($"blk.{layer}.{role}.weight", layer, dimensions);
        int queries = shape.Heads * shape.HeadDim, keys = shape.KvHeads * shape.HeadDim;
        yield return At("attn_norm", shape.Hidden);
        yield return At("attn_q", shape.Hidden, queries);
        yield return At("attn_k", shape.Hidden, keys);
        yield return At("attn_v", shape.Hidden, keys);
        if (shape.QueryKeyNorm)
        {
            yield return At("attn_q_norm", shape.HeadDim);
            yield return At("attn_k_norm", shape.HeadDim);
        }

        yield return At("attn_output", queries, shape.Hidden);
        yield return At("ffn_norm", shape.Hidden);
        if (shape.Experts == 0)
        {
            yield return At("ffn_gate", shape.Hidden, shape.FeedForward);
            yield return At("ffn_up", shape.Hidden, shape.FeedForward);
            yield return At("ffn_down", shape.FeedForward, shape.Hidden);
            yield break;
        }

        yield return At("ffn_gate_inp", shape.Hidden, shape.Experts);
        yield return At("ffn_gate_exps", shape.Hidden, shape.FeedForward, shape.Experts);
        yield return At("ffn_up_exps", shape.Hidden, shape.FeedForward, shape.Experts);
        yield return At("ffn_down_exps", shape.FeedForward, shape.Hidden, shape.Experts);
    }
}
