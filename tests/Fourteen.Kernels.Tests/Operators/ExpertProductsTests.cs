using Fourteen.Formats;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Quantization;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Fourteen.Testing;
using Xunit;
using static Fourteen.Kernels.Tests.Operators.OperatorTests;

namespace Fourteen.Kernels.Tests.Operators;

/// <summary>
/// A whole layer of experts, grouped by routing and multiplied by ranges, against a plain evaluation of each token.
/// </summary>
public sealed unsafe class ExpertProductsTests
{
    private const int Experts = 12;
    private const int Used = 3;
    private const int Hidden = 64;
    private const int Tokens = 17;

    /// <summary>
    /// Of Σ|weight|, since inputs are below 1: 32-bit sums, or with Q8_0 activations of 8 bits, each off by at most
    /// half a step of 1 / 127.
    /// </summary>
    private static double ToleranceOf(GgmlType type) => type == GgmlType.F32 ? 1e-6 : 1.0 / 254;

    [Theory]
    [InlineData(GgmlType.F32)]
    [InlineData(GgmlType.Q8_0)]
    public void Layer_Grouped_MatchesEachTokenInDoublePrecision(GgmlType type)
    {
        using var pool = new WorkerPool(2);
        byte[][] bytes = [.. Enumerable.Range(0, Experts).Select(e => RandomWeights.Of(type, Hidden, Hidden, e))];
        using FloatMatrix x = Random(Tokens, Hidden, seed: 1), scores = Random(Tokens, Experts, seed: 2, scale: 8);
        using FloatMatrix actual = Layer(pool, type, bytes, x, scores);
        double[][,] weights = [.. bytes.Select(expert => Numbers(type, expert))];
        for (int t = 0; t < Tokens; t++)
        {
            (double[] expected, double[] absolute) = Naive(weights, x.Row(t).ToArray(), scores.Row(t).ToArray());
            for (int i = 0; i < Hidden; i++)
                Assert.Equal(expected[i], actual.Row(t)[i], ToleranceOf(type) * absolute[i]);
        }
    }

    [Fact]
    public void Layer_Grouped_EqualsEachTokenAloneToTheBit()
    {
        using var pool = new WorkerPool(2);
        byte[][] bytes =
            [.. Enumerable.Range(0, Experts).Select(e => RandomWeights.Of(GgmlType.Q8_0, Hidden, Hidden, e))];
        using FloatMatrix x = Random(Tokens, Hidden, seed: 1), scores = Random(Tokens, Experts, seed: 2, scale: 8);
        using FloatMatrix together = Layer(pool, GgmlType.Q8_0, bytes, x, scores);
        for (int t = 0; t < Tokens; t++)
        {
            using FloatMatrix row = new(1, Hidden), score = new(1, Experts);
            x.Row(t).CopyTo(row.Row(0));
            scores.Row(t).CopyTo(score.Row(0));
            using FloatMatrix alone = Layer(pool, GgmlType.Q8_0, bytes, row, score);
            Assert.Equal(Bits(alone.Row(0)), Bits(together.Row(t)));
        }
    }

    /// <summary>Σ weight_e · W_e x over the experts of each row, as a model runs it.</summary>
    private static FloatMatrix Layer(
        WorkerPool pool, GgmlType type, byte[][] bytes, FloatMatrix x, FloatMatrix scores)
    {
        GuardedMemory[] memory = [.. bytes.Select(expert => new GuardedMemory(expert))];
        WeightMatrix[] weights =
            [.. memory.Select(m => WeightMatrix.Load(pool, type, m.Address, Hidden, Hidden, packed: true))];
        var routing = new ExpertRouting(Experts, Used, x.Rows, pool);
        using FloatMatrix gathered = new(x.Rows * Used, Hidden), back = new(x.Rows * Used, Hidden);
        using var activations = new Activations(pool, x.Rows * Used, Hidden);
        using var matMul = new Fourteen.Kernels.MatMul.MatMul(pool, Isa.Selected);
        var output = new FloatMatrix(x.Rows, Hidden);
        routing.Choose(scores);
        routing.Gather(x, gathered);
        activations.Begin(gathered);
        Product[] products =
        [
            .. routing.Active.ToArray().Select(part =>
                new Product(weights[part.Expert], back, part.FirstRow, part.Count)),
        ];
        matMul.Run(activations, products);
        routing.Combine(back, output);
        foreach (IDisposable owned in (IDisposable[])[.. weights, .. memory])
            owned.Dispose();
        return output;
    }

    private static (double[] Sum, double[] Absolute) Naive(double[][,] weights, float[] x, float[] scores)
    {
        int[] best = [.. Enumerable.Range(0, Experts).OrderByDescending(e => scores[e]).Take(Used)];
        double total = best.Sum(e => Math.Exp(scores[e]));
        double[] sum = new double[Hidden], absolute = new double[Hidden];
        foreach (int e in best)
        {
            for (int r = 0; r < Hidden; r++)
            {
                for (int c = 0; c < Hidden; c++)
                {
                    double weight = Math.Exp(scores[e]) / total * weights[e][r, c];
                    sum[r] += weight * x[c];
                    absolute[r] += Math.Abs(weight);
                }
            }
        }

        return (sum, absolute);
    }

    private static double[,] Numbers(GgmlType type, byte[] bytes)
    {
        var numbers = new double[Hidden, Hidden];
        float[] row = new float[Hidden];
        for (int r = 0; r < Hidden; r++)
        {
            fixed (byte* address = bytes)
                Dequantizer.Row(type, (nint)(address + (r * GgmlTypeTraits.Of(type).RowBytes(Hidden))), row);
            for (int c = 0; c < Hidden; c++)
                numbers[r, c] = row[c];
        }

        return numbers;
    }
}
