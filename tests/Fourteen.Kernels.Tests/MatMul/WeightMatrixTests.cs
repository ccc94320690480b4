using Fourteen.Formats;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Workers;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Kernels.Tests.MatMul;

/// <summary>Weights that are read from a file: the same as from memory, and without the file's pages.</summary>
public sealed class WeightMatrixTests : IDisposable
{
    private const int Rows = 1000, Columns = 768;

    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(GgmlType.Q6_K, true)]
    [InlineData(GgmlType.Q6_K, false)]
    [InlineData(GgmlType.F32, true)]
    public unsafe void ReadRow_OfAFile_IsThatOfMemory(GgmlType type, bool packed)
    {
        byte[] bytes = RandomWeights.Of(type, Rows, Columns, seed: 3);
        File.WriteAllBytes(_path, [1, .. bytes]);
        using MappedFile file = new(_path);
        using var pool = new WorkerPool(2);
        float[] expected = new float[Columns], actual = new float[Columns];
        fixed (byte* memory = bytes)
        {
            using var own = WeightMatrix.Load(pool, type, (nint)memory, Rows, Columns, packed);
            using var read = WeightMatrix.Load(
                pool, type, file.Address + 1, Rows, Columns, packed, arena: null, file);
            foreach (int row in (int[])[0, 1, 500, Rows - 1])
            {
                own.ReadRow(row, expected);
                read.ReadRow(row, actual);
                Assert.Equal(expected, actual);
            }
        }
    }

    [Fact]
    public void Load_OfAFile_MapsNoneOfItsPages()
    {
        Assert.SkipUnless(File.Exists("/proc/self/smaps"), "Only Linux says which pages of a file are mapped.");
        File.WriteAllBytes(_path, RandomWeights.Of(GgmlType.Q8_0, Rows, Columns, seed: 3));
        using MappedFile file = new(_path);
        using var pool = new WorkerPool(2);
        using var matrix = WeightMatrix.Load(
            pool, GgmlType.Q8_0, file.Address, Rows, Columns, packed: true, arena: null, file);
        matrix.ReadRow(Rows / 2, new float[Columns]);

        Assert.Equal(0, ResidentBytes());
        Assert.NotEqual(-1, file.Span(file.Length / 2, 1)[0]); // Looked at, so mapped.
        Assert.NotEqual(0, ResidentBytes());
    }

    [Fact]
    public void Load_OfAFileThatShrank_Throws()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody shorten a mapped file.");
        File.WriteAllBytes(_path, RandomWeights.Of(GgmlType.Q8_0, Rows, Columns, seed: 3));
        using MappedFile file = new(_path);
        using (var stream = new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            stream.SetLength(file.Length / 2);
        using var pool = new WorkerPool(2);

        Assert.Throws<EndOfStreamException>(() => WeightMatrix.Load(
            pool, GgmlType.Q8_0, file.Address, Rows, Columns, packed: true, arena: null, file));
    }

    /// <summary>Pages of the file that are mapped into this process.</summary>
    private long ResidentBytes()
    {
        long bytes = 0;
        bool inside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (line.EndsWith(_path, StringComparison.Ordinal))
                inside = true;
            else if (inside && line.StartsWith("Rss:", StringComparison.Ordinal))
                (bytes, inside) = (bytes + (1024 * long.Parse(line[4..^2])), false);
        }

        return bytes;
    }
}
