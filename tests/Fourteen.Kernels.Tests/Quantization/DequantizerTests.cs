using System.Runtime.InteropServices;
using Fourteen.Formats;
using Fourteen.Kernels.Quantization;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Kernels.Tests.Quantization;

public sealed class DequantizerTests
{
    /// <summary>Source: golden/quant/README.md, ggml's reference C code.</summary>
    [Fact]
    public void Row_OfEveryGoldenFile_MatchesBitForBit()
    {
        string[] paths = Directory.GetFiles(SharedFiles.Golden("quant"), "*.bin");
        Assert.True(paths.Length >= 40, $"only {paths.Length} files were found");
        List<string> failures = [];
        foreach (string path in paths)
        {
            string name = Path.GetFileName(path).Split('.')[0];
            GgmlTypeTraits traits = GgmlTypeTraits.All.Single(row => row.Name == name);
            float[] expected = ReadFloats(Path.ChangeExtension(path, ".f32"));
            byte[] source = File.ReadAllBytes(path);
            Assert.Equal(traits.RowBytes(expected.Length), source.Length);
            Compare(Path.GetFileName(path), expected, Dequantize(traits.Type, source, expected.Length), failures);
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        GoldenCount.Record("quant", paths.Length);
    }

    [Fact]
    public void Row_OfRandomBlocks_MatchesTheWrittenFormulas()
    {
        List<string> failures = [];
        foreach ((GgmlType type, BlockFormulas.Formula formula) in BlockFormulas.ByType)
            CompareToFormula(type, formula, failures);

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(BlockFormulas.ByType.Count >= 20);
    }

    [Fact]
    public void Row_OfRandomIqBlocks_MatchesTheWrittenFormulasAndPublishedGrids()
    {
        string? grids = SharedFiles.SharedRoot is { } root ? Path.Combine(root, "reference", "iq-grids.json") : null;
        Assert.SkipUnless(File.Exists(grids), "the published grids are not here");
        IqFormulas formulas = new(grids);
        List<string> failures = [];
        foreach ((GgmlType type, BlockFormulas.Formula formula) in formulas.ByType)
            CompareToFormula(type, formula, failures);

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.Equal(7, formulas.ByType.Count);
    }

    [Fact]
    public void Row_OfPlainNumbers_ConvertsThem()
    {
        Assert.Equal([-128f, 127f], Dequantize(GgmlType.I8, Bytes<sbyte>([-128, 127]), 2));
        Assert.Equal([-32768f, 5f], Dequantize(GgmlType.I16, Bytes<short>([-32768, 5]), 2));
        Assert.Equal([-7f, 16777216f], Dequantize(GgmlType.I32, Bytes<int>([-7, 16_777_217]), 2));
        Assert.Equal([-7f, 9.223372e18f], Dequantize(GgmlType.I64, Bytes<long>([-7, long.MaxValue]), 2));
        Assert.Equal([0.1f, float.PositiveInfinity], Dequantize(GgmlType.F64, Bytes<double>([0.1, 1e300]), 2));
        Assert.Equal([0.1f, float.NegativeZero], Dequantize(GgmlType.F32, Bytes<float>([0.1f, -0f]), 2));
        Assert.Equal([65504f, 5.9604645e-8f], Dequantize(GgmlType.F16, [0xFF, 0x7B, 0x01, 0x00], 2));
        Assert.Equal([1f, -2f], Dequantize(GgmlType.BF16, [0x80, 0x3F, 0x00, 0xC0], 2));
    }

    [Fact]
    public void Supports_EveryTypeOfTheFormats_AndNoOther()
    {
        for (int id = -1; id < 300; id++)
            Assert.Equal(GgmlTypeTraits.Find((GgmlType)id) is not null, Dequantizer.Supports((GgmlType)id));
    }

    [Fact]
    public void Row_ThatIsNoWholeNumberOfBlocks_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => Dequantizer.Row(GgmlType.Q4_0, 1, new float[33]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Dequantizer.Row((GgmlType)4, 1, new float[32]));
    }

    private static void CompareToFormula(GgmlType type, BlockFormulas.Formula formula, List<string> failures)
    {
        const int Blocks = 64;
        GgmlTypeTraits traits = GgmlTypeTraits.Of(type);
        byte[] source = new byte[Blocks * traits.BlockBytes];
        new Random(14).NextBytes(source);
        float[] expected = new float[Blocks * traits.BlockElements];
        for (int i = 0; i < expected.Length; i++)
        {
            int block = i / traits.BlockElements;
            ReadOnlySpan<byte> bytes = source.AsSpan(block * traits.BlockBytes, traits.BlockBytes);
            expected[i] = formula(bytes, i % traits.BlockElements);
        }

        Compare(traits.Name, expected, Dequantize(type, source, expected.Length), failures);
    }

    private static unsafe float[] Dequantize(GgmlType type, byte[] source, int elements)
    {
        float[] target = new float[elements];
        fixed (byte* bytes = source)
            Dequantizer.Row(type, (nint)bytes, target);
        return target;
    }

    private static void Compare(string name, float[] expected, float[] found, List<string> failures)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            uint e = BitConverter.SingleToUInt32Bits(expected[i]);
            uint f = BitConverter.SingleToUInt32Bits(found[i]);
            // Random scales may be NaN; then only that matters, since its sign and payload are nobody's business.
            if (e == f || (float.IsNaN(expected[i]) && float.IsNaN(found[i])))
                continue;
            failures.Add($"{name}[{i}]: expected {expected[i]} ({e:x8}), found {found[i]} ({f:x8})");
            return;
        }
    }

    private static float[] ReadFloats(string path) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();

    private static byte[] Bytes<T>(T[] values) where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
