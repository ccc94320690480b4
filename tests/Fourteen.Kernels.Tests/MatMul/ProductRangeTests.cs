using System.Runtime.InteropServices;
using Fourteen.Formats;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Kernels.Tests.MatMul;

/// <summary>Products of ranges of rows: many in one call, of unequal sizes, against the products of all rows.</summary>
public sealed unsafe class ProductRangeTests
{
    private const int Columns = 256;
    private const int Outputs = 40;

    public static TheoryData<IsaPath> Paths() => new(Isa.BestFirst);

    /// <summary>A packed type of each form of activations, and one that is dequantized tile by tile.</summary>
    private static readonly GgmlType[] Types = [GgmlType.Q8_0, GgmlType.Q4_K, GgmlType.F16, GgmlType.IQ3_S];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Run_HundredsOfUnequalRanges_EqualsTheWholeToTheBit(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        // Ranges of 0 … 6 rows follow one another; in the middle stands one as long as many others.
        int[] counts = [.. Enumerable.Range(0, 512).Select(i => i == 200 ? 300 : i % 7)];
        using var pool = new WorkerPool(2);
        using var fixture = new Fixture(pool, path, counts.Sum());
        var products = new Product[counts.Length];
        int first = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            products[i] = new Product(fixture.Weights[i % Types.Length], fixture.Output, first, counts[i]);
            first += counts[i];
        }

        fixture.MatMul.Run(fixture.Activations, products);
        for (int type = 0; type < Types.Length; type++)
        {
            using var whole = new FloatMatrix(fixture.Output.Rows, Outputs);
            fixture.MatMul.Run(fixture.Activations, new Product(fixture.Weights[type], whole));
            foreach (Product product in products.Where(product => product.Weights == fixture.Weights[type]))
            {
                for (int row = product.FirstRow; row < product.FirstRow + product.RowCount; row++)
                    Assert.Equal(Bits(whole.Row(row)), Bits(fixture.Output.Row(row)));
            }
        }
    }

    [Fact]
    public void Run_ARange_LeavesOtherRowsAndSetsTheRows()
    {
        using var pool = new WorkerPool(2);
        using var fixture = new Fixture(pool, Isa.Selected, 9);
        using var output = new FloatMatrix(20, Outputs);
        for (int row = 0; row < 20; row++)
            output.Row(row).Fill(row);
        foreach (WeightMatrix weights in fixture.Weights)
        {
            fixture.MatMul.Run(
                fixture.Activations, new Product(weights, output, 3, 2), new Product(weights, output, 7),
                new Product(weights, output, 9, 0));
        }

        Assert.Equal(9, output.Rows);
        foreach (int row in (int[])[0, 1, 2, 5, 6, 9, 19])
            Assert.All(output.Row(row).ToArray(), value => Assert.Equal(row, value));
        foreach (int row in (int[])[3, 4, 7, 8])
            Assert.DoesNotContain((float)row, output.Row(row).ToArray());
    }

    [Theory]
    [InlineData(-1, 2)] // In 32 bits the end wraps into the range.
    [InlineData(-1, -1)]
    [InlineData(0, -2)]
    [InlineData(0, 10)]
    [InlineData(9, 1)]
    [InlineData(10, -1)]
    [InlineData(2, int.MaxValue)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(int.MinValue, -1)]
    public void Run_ARangeOutsideTheInput_IsRefused(int firstRow, int rowCount)
    {
        using var pool = new WorkerPool(1);
        using var fixture = new Fixture(pool, Isa.Selected, 9);
        Assert.Throws<ArgumentOutOfRangeException>(() => fixture.MatMul.Run(
            fixture.Activations, new Product(fixture.Weights[0], fixture.Output, firstRow, rowCount)));
    }

    [Fact]
    public void Run_AfterTheFirstCall_AllocatesNothing()
    {
        using var pool = new WorkerPool(1);
        using var fixture = new Fixture(pool, Isa.Selected, 64);
        Product[] products =
            [.. Enumerable.Range(0, 64).Select(i => new Product(fixture.Weights[i % 3], fixture.Output, i, 1))];
        fixture.MatMul.Run(fixture.Activations, products);
        fixture.Activations.Begin(fixture.Input);
        long before = GC.GetAllocatedBytesForCurrentThread();
        fixture.MatMul.Run(fixture.Activations, products);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static int[] Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, int>(values).ToArray();

    /// <summary>A matrix of each type and random input.</summary>
    private sealed class Fixture : IDisposable
    {
        private readonly GuardedMemory[] _memory;

        internal Fixture(WorkerPool pool, IsaPath path, int rows)
        {
            _memory = [.. Types.Select(type => new GuardedMemory(RandomWeights.Of(type, Outputs, Columns, 3)))];
            Weights =
            [
                .. Types.Select((type, i) =>
                    WeightMatrix.Load(pool, type, _memory[i].Address, Outputs, Columns, packed: true)),
            ];
            Input = new FloatMatrix(rows, Columns);
            Output = new FloatMatrix(rows, Outputs);
            Activations = new Activations(pool, rows, Columns);
            MatMul = new Fourteen.Kernels.MatMul.MatMul(pool, path);
            var random = new Random(5);
            for (int row = 0; row < rows; row++)
            {
                foreach (ref float value in Input.Row(row))
                    value = (float)random.NextDouble() - 0.5f;
            }

            Activations.Begin(Input);
        }

        internal WeightMatrix[] Weights { get; }

        internal FloatMatrix Input { get; }

        internal FloatMatrix Output { get; }

        internal Activations Activations { get; }

        internal Fourteen.Kernels.MatMul.MatMul MatMul { get; }

        public void Dispose()
        {
            foreach (IDisposable owned in (IDisposable[])[MatMul, Activations, Output, Input, .. Weights, .. _memory])
                owned.Dispose();
        }
    }
}
