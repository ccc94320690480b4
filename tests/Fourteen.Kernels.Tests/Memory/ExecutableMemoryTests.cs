using System.Globalization;
using Fourteen.Formats;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Kernels.Tests.Memory;

/// <summary>Machine code lies in memory that can be executed and not written.</summary>
public sealed class ExecutableMemoryTests
{
    [Fact]
    public void Maps_AfterMachineCodeRan_HaveNoNewPageThatIsWritableAndExecutable()
    {
        Assert.SkipUnless(Isa.IsSupported(IsaPath.Avx512Vnni), "this processor has no AVX-512 VNNI");
        int before = WritableAndExecutable();
        using var pool = new WorkerPool(1);
        byte[] weights = RandomWeights.Of(GgmlType.Q4_K, 16, 256, seed: 1);
        using var memory = new GuardedMemory(weights);
        using WeightMatrix matrix = WeightMatrix.Load(pool, GgmlType.Q4_K, memory.Address, 16, 256, packed: true);
        using FloatMatrix input = new(3, 256), output = new(3, 16);
        using var activations = new Activations(pool, 3, 256);
        using var matMul = new Kernels.MatMul.MatMul(pool, IsaPath.Avx512Vnni);
        input.Row(0).Fill(1);
        activations.Begin(input);
        matMul.Run(activations, new Product(matrix, output));
        Assert.Equal(before, WritableAndExecutable());
    }

    /// <summary>Mappings "rwx" of this process; the runtime's own may be some.</summary>
    private static int WritableAndExecutable() => File.ReadLines(string.Create(
        CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/maps"))
        .Count(line => line.Contains(" rwx", StringComparison.Ordinal));
}
