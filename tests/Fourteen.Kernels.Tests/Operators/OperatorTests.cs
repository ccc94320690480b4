using System.Runtime.InteropServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Xunit;

namespace Fourteen.Kernels.Tests.Operators;

/// <summary>
/// Norm, gate and rotation: vector paths against the scalar definition to the bit, and the scalar one
/// against double precision.
/// </summary>
public sealed class OperatorTests
{
    /// <summary>A few roundings of 32-bit floats, relative to the largest value.</summary>
    private const double Tolerance = 2e-6;

    private static readonly int[] Lengths = [1, 7, 8, 9, 15, 16, 17, 64, 96, 257, 576];

    public static TheoryData<IsaPath> Paths() => new(Isa.BestFirst);

    [Fact]
    public void RmsNorm_AnyLength_MatchesScalarToTheBitAndDoublePrecision()
    {
        using var pool = new WorkerPool(2);
        foreach (int length in Lengths)
        {
            using FloatMatrix x = Random(5, length, seed: length);
            float[] weight = [.. Enumerable.Range(0, length).Select(i => 1 + (i % 5 * 0.1f))];
            using var fast = new FloatMatrix(5, length);
            using var slow = new FloatMatrix(5, length);
            new RmsNorm(pool, Isa.Selected).Run(x, weight, 1e-6f, fast);
            new RmsNorm(pool, IsaPath.Scalar).Run(x, weight, 1e-6f, slow);
            for (int row = 0; row < 5; row++)
            {
                Assert.Equal(Bits(slow.Row(row)), Bits(fast.Row(row)));
                double mean = x.Row(row).ToArray().Average(v => (double)v * v);
                for (int i = 0; i < length; i++)
                    Near(x.Row(row)[i] / Math.Sqrt(mean + 1e-6) * weight[i], slow.Row(row)[i], 4);
            }
        }
    }

    [Theory]
    [InlineData(GateActivation.Silu)]
    [InlineData(GateActivation.GeluTanh)]
    public void Gate_AnyLength_MatchesScalarToTheBitAndDoublePrecision(GateActivation activation)
    {
        using var pool = new WorkerPool(2);
        foreach (int length in Lengths)
        {
            using FloatMatrix fast = Random(3, length, seed: 1, scale: 40);
            using FloatMatrix slow = Random(3, length, seed: 1, scale: 40);
            using FloatMatrix gate = Random(3, length, seed: 1, scale: 40), up = Random(3, length, seed: 2);
            new Elementwise(pool, Isa.Selected).Gate(fast, up, activation);
            new Elementwise(pool, IsaPath.Scalar).Gate(slow, up, activation);
            for (int row = 0; row < 3; row++)
            {
                Assert.Equal(Bits(slow.Row(row)), Bits(fast.Row(row)));
                for (int i = 0; i < length; i++)
                {
                    double z = gate.Row(row)[i];
                    double inner = Math.Sqrt(2 / Math.PI) * (z + (0.044715 * z * z * z));
                    double active = activation == GateActivation.Silu
                        ? z / (1 + Math.Exp(-z)) : 0.5 * z * (1 + Math.Tanh(inner));
                    Near(active * up.Row(row)[i], slow.Row(row)[i], 40);
                }
            }
        }
    }

    [Theory]
    [InlineData(GateActivation.Silu)]
    [InlineData(GateActivation.GeluTanh)]
    public void Gate_Extremes_StaysFinite(GateActivation activation)
    {
        using var pool = new WorkerPool(1);
        using var gate = new FloatMatrix(1, 4);
        using var up = new FloatMatrix(1, 4);
        float[] extremes = [-1e30f, 1e30f, -88, 88]; // The cube of 1e30 is infinite.
        extremes.CopyTo(gate.Row(0));
        up.Row(0).Fill(1);
        new Elementwise(pool, Isa.Selected).Gate(gate, up, activation);
        Assert.All(gate.Row(0).ToArray(), value => Assert.True(float.IsFinite(value)));
        Assert.Equal(1e30f, gate.Row(0)[1]);
    }

    [Fact]
    public void SoftCap_AnyLength_MatchesScalarToTheBitAndDoublePrecision()
    {
        using var pool = new WorkerPool(2);
        foreach (int length in Lengths)
        {
            using FloatMatrix x = Random(3, length, seed: 5, scale: 200), fast = Random(3, length, seed: 5, scale: 200);
            using FloatMatrix slow = Random(3, length, seed: 5, scale: 200);
            new Elementwise(pool, Isa.Selected).SoftCap(fast, 30);
            new Elementwise(pool, IsaPath.Scalar).SoftCap(slow, 30);
            for (int row = 0; row < 3; row++)
            {
                Assert.Equal(Bits(slow.Row(row)), Bits(fast.Row(row)));
                for (int i = 0; i < length; i++)
                    Near(30 * Math.Tanh(x.Row(row)[i] / 30.0), slow.Row(row)[i], 30);
            }
        }
    }

    /// <summary>With a cap of 1 it is tanh itself.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void SoftCap_OfOneOverAllMagnitudes_IsScalarToTheBitAndWithinOneMillionthOfTanh(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        float[] values =
        [
            .. Enumerable.Range(0, 200_000).Select(i => BitConverter.Int32BitsToSingle(i * 10_000)),
            .. Enumerable.Range(0, 200_000).Select(i => -BitConverter.Int32BitsToSingle(i * 10_000)),
            float.PositiveInfinity, float.NegativeInfinity, float.NaN, 0, -0f, float.MaxValue, float.Epsilon, 1,
        ];
        using FloatMatrix x = new(1, values.Length), scalar = new(1, values.Length);
        using var pool = new WorkerPool(2);
        values.CopyTo(x.Row(0));
        values.CopyTo(scalar.Row(0));
        new Elementwise(pool, path).SoftCap(x, 1);
        new Elementwise(pool, IsaPath.Scalar).SoftCap(scalar, 1);
        Assert.Equal(Bits(scalar.Row(0)), Bits(x.Row(0)));
        for (int i = 0; i < values.Length; i++)
        {
            double expected = Math.Tanh(values[i]);
            bool isNear = Math.Abs(x.Row(0)[i] - expected) <= 1e-6
                || (double.IsNaN(expected) && float.IsNaN(x.Row(0)[i]));
            Assert.True(isNear, $"tanh {values[i]} is {expected}, found {x.Row(0)[i]}");
        }
    }

    [Fact]
    public void SoftCap_OfNothing_IsRefused()
    {
        using var pool = new WorkerPool(1);
        using FloatMatrix x = Random(1, 8, seed: 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Elementwise(pool, Isa.Selected).SoftCap(x, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Elementwise(pool, Isa.Selected).SoftCap(x, -1));
    }

    /// <summary>Rows of several items: their borders must neither be skipped nor done twice.</summary>
    [Fact]
    public void Elementwise_RowsOfSeveralItems_EqualScalarElements()
    {
        const int Columns = 20_003;
        using var pool = new WorkerPool(2);
        var elementwise = new Elementwise(pool, Isa.Selected);
        using FloatMatrix x = Random(3, Columns, seed: 8), before = Random(3, Columns, seed: 8);
        using FloatMatrix y = Random(3, Columns, seed: 9);
        elementwise.Scale(x, 0.3f);
        elementwise.Add(x, y);
        for (int row = 0; row < 3; row++)
        {
            for (int i = 0; i < Columns; i++)
                Assert.Equal((before.Row(row)[i] * 0.3f) + y.Row(row)[i], x.Row(row)[i]);
        }
    }

    [Fact]
    public void Scale_AnyLength_MultipliesEachElement()
    {
        using var pool = new WorkerPool(1);
        foreach (int length in Lengths)
        {
            using FloatMatrix x = Random(2, length, seed: 8), before = Random(2, length, seed: 8);
            new Elementwise(pool, Isa.Selected).Scale(x, 0.3f);
            for (int i = 0; i < length; i++)
                Assert.Equal(before.Row(1)[i] * 0.3f, x.Row(1)[i]);
        }
    }

    [Theory]
    [InlineData(RopePairs.Halves)]
    [InlineData(RopePairs.Adjacent)]
    public void Rope_PartOfAHead_TurnsPairsAndPassesTheRest(RopePairs layout)
    {
        const int HeadDim = 40, Pairs = 13;
        using FloatMatrix x = Random(2, 3 * HeadDim, seed: 4), before = Random(2, 3 * HeadDim, seed: 4);
        using FloatMatrix cos = Random(2, Pairs, seed: 5), sin = Random(2, Pairs, seed: 6);
        Rope.Run(x, 3, HeadDim, cos, sin, layout);
        for (int row = 0; row < 2; row++)
        {
            for (int head = 0; head < 3; head++)
            {
                Span<float> from = before.Row(row).Slice(head * HeadDim, HeadDim);
                Span<float> to = x.Row(row).Slice(head * HeadDim, HeadDim);
                for (int i = 0; i < Pairs; i++)
                {
                    int a = layout == RopePairs.Halves ? i : 2 * i;
                    int b = layout == RopePairs.Halves ? i + Pairs : (2 * i) + 1;
                    double c = cos.Row(row)[i], s = sin.Row(row)[i];
                    Near((from[a] * c) - (from[b] * s), to[a], 2);
                    Near((from[b] * c) + (from[a] * s), to[b], 2);
                    float cosine = cos.Row(row)[i], sine = sin.Row(row)[i];
                    Assert.Equal((from[a] * cosine) - (from[b] * sine), to[a]);
                    Assert.Equal((from[b] * cosine) + (from[a] * sine), to[b]);
                }

                Assert.True(from[(2 * Pairs)..].SequenceEqual(to[(2 * Pairs)..]));
            }
        }
    }

    [Fact]
    public void KvStore_Halves_RoundsAsIeee()
    {
        // One head of 8 lanes with V = K and a single position: attention returns the stored value itself.
        float[] values = [0f, -0f, 6.1e-5f, 5.96e-8f, 2.98e-8f, 1.00048828125f, 65504f, -1e9f];
        using var store = new KvStore(1, 1, 8, KvType.F16, 1);
        store.Touch(0);
        using var pool = new WorkerPool(1);
        using FloatMatrix q = Random(1, 8, 1), k = Random(1, 8, 2), v = new(1, 8), output = new(1, 8);
        values.CopyTo(v.Row(0));
        var span = new AttentionSpan(0, 1, 0, [0]);
        using var writer = new KvWriter(pool, store);
        writer.Run(0, [span], k, v);
        using var attention = new Kernels.Operators.Attention(pool, Isa.Selected, 1, store);
        attention.Run(0, [span], q, output, new AttentionRule(1));
        float[] expected = [.. values.Select(x => (float)(Half)Math.Clamp(x, -65504f, 65504f))];
        for (int i = 0; i < values.Length; i++)
            Assert.Equal(expected[i], output.Row(0)[i]);
    }

    internal static void Near(double expected, float actual, double size) =>
        Assert.InRange(actual, expected - (Tolerance * size), expected + (Tolerance * size));

    internal static FloatMatrix Random(int rows, int columns, int seed, float scale = 2)
    {
        var random = new Random(seed);
        var matrix = new FloatMatrix(rows, columns);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in matrix.Row(row))
                value = (float)(random.NextDouble() - 0.5) * scale;
        }

        return matrix;
    }

    internal static int[] Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, int>(values).ToArray();
}
