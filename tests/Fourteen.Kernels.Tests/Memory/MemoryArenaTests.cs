using Fourteen.Formats;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Kernels.Tests.Memory;

public sealed class MemoryArenaTests
{
    private const int Rows = 37, Columns = 512;

    [Theory]
    [InlineData(0)]            // too small: each matrix takes more memory
    [InlineData(16 << 20)]
    public unsafe void WeightMatrices_InOneArena_MultiplyAsThoseOfTheirOwn(long bytes)
    {
        using var pool = new WorkerPool(2);
        using var arena = new MemoryArena(bytes);
        GgmlType[] types = [GgmlType.Q4_K, GgmlType.Q8_0, GgmlType.F16, GgmlType.Q6_K];
        byte[][] weights = [.. types.Select((type, i) => RandomWeights.Of(type, Rows, Columns, i))];
        long taken = 0;
        for (int i = 0; i < types.Length; i++)
        {
            fixed (byte* rows = weights[i])
            {
                using var own = WeightMatrix.Load(pool, types[i], (nint)rows, Rows, Columns, packed: true);
                using var shared = WeightMatrix.Load(pool, types[i], (nint)rows, Rows, Columns, packed: true, arena);
                Assert.Equal(Multiply(pool, own), Multiply(pool, shared));
                Assert.Equal(WeightMatrix.PackedBytesOf(types[i], Rows, Columns), shared.PackedBytes);
                taken += shared.PackedBytes;
            }
        }

        Assert.Equal(taken, arena.TakenBytes);
    }

    [Fact]
    public void HugePageBytes_OfSmallArenas_AreNotAskedFor()
    {
        using var arena = new MemoryArena(1000);

        Assert.Null(arena.HugePageBytes);
    }

    [Fact]
    public unsafe void HugePageBytes_OfLinux_AreAtMostWhatIsThere()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux says which pages it gave.");
        using var pool = new WorkerPool(1);
        byte[] rows = RandomWeights.Of(GgmlType.F32, 6000, Columns, 1);
        using var arena = new MemoryArena(rows.Length);
        fixed (byte* address = rows)
            WeightMatrix.Load(pool, GgmlType.F32, (nint)address, 6000, Columns, packed: true, arena);

        // How many depends on the system's settings and on what memory is free.
        Assert.NotNull(arena.HugePageBytes);
        Assert.InRange(arena.HugePageBytes.Value, 0, rows.Length);
        Assert.Equal(0, arena.HugePageBytes.Value % 1024);
    }

    private static float[] Multiply(WorkerPool pool, WeightMatrix weights)
    {
        using var input = new FloatMatrix(1, Columns);
        using var output = new FloatMatrix(1, Rows);
        using var activations = new Activations(pool, 1, Columns);
        using var matMul = new Kernels.MatMul.MatMul(pool, Isa.Selected);
        for (int i = 0; i < Columns; i++)
            input.Row(0)[i] = MathF.Sin(i);
        activations.Begin(input);
        matMul.Run(activations, new Product(weights, output));
        return output.Row(0).ToArray();
    }
}
