using System.Runtime.InteropServices;
using Fourteen.Formats;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Quantization;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Kernels.Tests.MatMul;

/// <summary>
/// The product of every weight type on every path: equal to its scalar twin to the bit, and close to the product in
/// double precision of the dequantized weights. Weights end at a page that may not be touched.
/// </summary>
public sealed unsafe class MatMulTests
{
    /// <summary>
    /// Activations of 8 bits: each is off by at most half a step of max / 127, so a product of n terms is off by about
    /// Σ|w|·max / 254 at the very worst; random signs make it far less.
    /// </summary>
    private const double QuantizedTolerance = 1.0 / 254;

    /// <summary>32-bit sums of a few hundred terms, relative to Σ|terms|.</summary>
    private const double FloatTolerance = 1e-6;

    private static readonly int[] Rows = [1, 15, 16, 17, 40];
    private static readonly int[] Tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 17];

    public static TheoryData<IsaPath> Paths() => new(Isa.BestFirst);

    private static IEnumerable<GgmlType> Types() =>
        GgmlTypeTraits.All.Select(traits => traits.Type).Where(Dequantizer.Supports);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Run_EveryTypeOnEveryPath_MatchesScalarToTheBit(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        using var pool = new WorkerPool(2);
        foreach (GgmlType type in Types())
        {
            foreach (bool packed in (bool[])[true, false])
                CompareWithScalar(pool, path, type, packed);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Run_EveryTypeAgainstDoublePrecision_IsClose(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        using var pool = new WorkerPool(1);
        const int RowCount = 24;
        foreach (GgmlType type in Types())
        {
            foreach (int columns in ColumnCounts(type))
            {
                byte[] weights = RandomWeights.Of(type, RowCount, columns, seed: 7);
                foreach (bool packed in (bool[])[true, false])
                {
                    float[] actual = Multiply(pool, path, type, weights, RowCount, columns, 3, packed);
                    Check(type, weights, RowCount, columns, actual, packed);
                }
            }
        }
    }

    /// <summary>More columns than a slice has, and more tokens than pass all groups at once.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void Run_LongRowsAndManyTokens_MatchesScalarToTheBit(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        const int RowCount = 33, Columns = 33 * 256, TokenCount = 75;
        using var pool = new WorkerPool(2);
        foreach (GgmlType type in (GgmlType[])[GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.Q4_1, GgmlType.Q8_0])
        {
            byte[] weights = RandomWeights.Of(type, RowCount, Columns, seed: 5);
            float[] expected = Multiply(pool, IsaPath.Scalar, type, weights, RowCount, Columns, TokenCount, true);
            float[] actual = Multiply(pool, path, type, weights, RowCount, Columns, TokenCount, true);
            Assert.True(Bits(actual).SequenceEqual(Bits(expected)), $"{type} on {path}");
        }
    }

    /// <summary>Whole groups are packed by vectors, the last rows of a matrix one by one.</summary>
    [Fact]
    public void Run_RowsOfAWholeGroup_EqualThoseOfAShorterOne()
    {
        using var pool = new WorkerPool(1);
        foreach (GgmlType type in Types())
        {
            foreach (int columns in ColumnCounts(type))
            {
                byte[] weights = RandomWeights.Of(type, 16, columns, seed: 11);
                float[] whole = Multiply(pool, Isa.Selected, type, weights, 16, columns, 1, packed: true);
                float[] shorter = Multiply(pool, Isa.Selected, type, weights, 15, columns, 1, packed: true);
                Assert.True(Bits(whole.AsSpan(0, 15)).SequenceEqual(Bits(shorter)), $"{type}: {columns} columns");
            }
        }
    }

    [Fact]
    public void Run_ManyProductsOfRowRanges_EqualsWholeProducts()
    {
        const int Columns = 256, RowCount = 24, Count = 9, Tokens = 11;
        using var pool = new WorkerPool(2);
        using var input = new FloatMatrix(Tokens, Columns);
        float[] x = Input(Tokens, Columns);
        for (int t = 0; t < Tokens; t++)
            x.AsSpan(t * Columns, Columns).CopyTo(input.Row(t));
        using var activations = new Activations(pool, Tokens, Columns);
        using var matMul = new Fourteen.Kernels.MatMul.MatMul(pool, Isa.Selected);
        GgmlType[] types = [GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.Q4_1, GgmlType.F16, GgmlType.Q2_K];
        foreach (GgmlType type in types)
        {
            byte[][] weights =
                [.. Enumerable.Range(0, Count).Select(i => RandomWeights.Of(type, RowCount, Columns, i))];
            GuardedMemory[] memory = [.. weights.Select(bytes => new GuardedMemory(bytes))];
            WeightMatrix[] matrices =
                [.. memory.Select(m => WeightMatrix.Load(pool, type, m.Address, RowCount, Columns, packed: true))];
            using var together = new FloatMatrix(Tokens, RowCount);
            using var whole = new FloatMatrix(Tokens, RowCount);
            // Product i has the rows from i on, one or two of them, so that row 8 and 9 belong to the last.
            Product[] products = [.. matrices.Select((m, i) => new Product(m, together, i, i == Count - 1 ? 2 : 1))];
            activations.Begin(input);
            matMul.Run(activations, products);
            for (int i = 0; i < Count; i++)
            {
                matMul.Run(activations, new Product(matrices[i], whole));
                for (int row = i; row < i + products[i].RowCount; row++)
                    Assert.Equal(Bits(whole.Row(row)), Bits(together.Row(row)));
            }

            Assert.Throws<ArgumentOutOfRangeException>(
                () => matMul.Run(activations, new Product(matrices[0], whole, 5, Tokens)));
            foreach (IDisposable owned in (IDisposable[])[.. matrices, .. memory])
                owned.Dispose();
        }
    }

    private static void CompareWithScalar(WorkerPool pool, IsaPath path, GgmlType type, bool packed)
    {
        foreach (int columns in ColumnCounts(type))
        {
            byte[] weights = RandomWeights.Of(type, 40, columns, seed: columns);
            foreach (int rows in Rows)
            {
                float[] expected = Multiply(pool, IsaPath.Scalar, type, weights, rows, columns, 17, packed);
                foreach (int tokens in Tokens)
                {
                    float[] actual = Multiply(pool, path, type, weights, rows, columns, tokens, packed);
                    Assert.True(
                        Bits(expected.AsSpan(0, tokens * rows)).SequenceEqual(Bits(actual)),
                        $"{type} on {path}: [{rows}, {columns}] times {tokens} tokens, packed {packed}");
                }
            }
        }
    }

    private static void Check(
        GgmlType type, byte[] weights, int rows, int columns, float[] actual, bool packed)
    {
        float[] x = Input(3, columns);
        float[] row = new float[columns];
        for (int r = 0; r < rows; r++)
        {
            fixed (byte* address = weights)
                Dequantizer.Row(type, (nint)(address + (r * GgmlTypeTraits.Of(type).RowBytes(columns))), row);
            for (int t = 0; t < 3; t++)
            {
                double sum = 0, terms = 0, absolute = 0, max = 0;
                for (int c = 0; c < columns; c++)
                {
                    double value = x[(t * columns) + c];
                    sum += row[c] * value;
                    terms += Math.Abs(row[c] * value);
                    absolute += Math.Abs(row[c]);
                    max = Math.Max(max, Math.Abs(value));
                }

                bool exact = !packed || type is GgmlType.F16 or GgmlType.BF16 or GgmlType.F32;
                double tolerance = (terms * FloatTolerance) + (exact ? 0 : absolute * max * QuantizedTolerance);
                double difference = Math.Abs(actual[(t * rows) + r] - sum);
                Assert.True(
                    difference <= tolerance + 1e-30,
                    $"{type}, packed {packed}: row {r}, token {t} differs by {difference:E2} of {tolerance:E2}");
            }
        }
    }

    private static int[] ColumnCounts(GgmlType type)
    {
        int block = GgmlTypeTraits.Of(type).BlockElements;
        return block > 64 ? [256, 512, 1280] : [block, 7 * block, 576, 1024];
    }

    private static float[] Input(int tokens, int columns)
    {
        var random = new Random(columns);
        float[] x = new float[tokens * columns];
        for (int i = 0; i < x.Length; i++)
            x[i] = (float)((random.NextDouble() * 2) - 1) * (i % 97 == 0 ? 8 : 1);
        return x;
    }

    private static float[] Multiply(
        WorkerPool pool, IsaPath path, GgmlType type, byte[] weights, int rows, int columns, int tokens, bool packed)
    {
        using var guarded = new GuardedMemory(weights.AsSpan(0, checked(rows * (int)RowBytes(type, columns))));
        using WeightMatrix matrix = WeightMatrix.Load(pool, type, guarded.Address, rows, columns, packed);
        using var input = new FloatMatrix(tokens, columns);
        using var output = new FloatMatrix(tokens, rows);
        using var activations = new Activations(pool, tokens, columns);
        using var matMul = new Fourteen.Kernels.MatMul.MatMul(pool, path);
        float[] x = Input(tokens, columns);
        for (int t = 0; t < tokens; t++)
            x.AsSpan(t * columns, columns).CopyTo(input.Row(t));
        activations.Begin(input);
        matMul.Run(activations, new Product(matrix, output));
        float[] result = new float[tokens * rows];
        for (int t = 0; t < tokens; t++)
            output.Row(t).CopyTo(result.AsSpan(t * rows));
        return result;
    }

    private static long RowBytes(GgmlType type, int columns) => GgmlTypeTraits.Of(type).RowBytes(columns);

    private static int[] Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, int>(values).ToArray();
}
