using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Operators;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;
using Xunit;
using static Fourteen.Kernels.Tests.Operators.OperatorTests;

namespace Fourteen.Kernels.Tests.Operators;

/// <summary>The cache in 8 and 4 bits: ggml's blocks to the bit, and what their rounding costs.</summary>
public sealed class QuantizedCacheTests
{
    public static TheoryData<KvType, int> Cases()
    {
        var data = new TheoryData<KvType, int>();
        foreach (int headDim in (int[])[32, 64, 96, 128, 160, 256])
        {
            data.Add(KvType.Q8_0, headDim);
            data.Add(KvType.Q4_0, headDim);
        }

        return data;
    }

    /// <summary>Attention over one position gives its value as it is stored. Numbers from 2^−24 to 2^14, zeros, ties of
    /// the largest magnitude and of rounding, and a block of zeros.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Store_OneValue_IsGgmlsBlockExactly(KvType type, int headDim)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            float[] value = [.. Random(1, headDim, seed, MathF.ScaleB(1, (2 * seed) - 24)).Row(0)];
            (value[3], value[5], value[7], value[8]) = (0, -0f, 3 * value[1], -3 * value[1]);
            value[9] = value[7] * (0.5f / 127); // halfway between two numbers of 8 bits
            if (seed == 19)
                value.AsSpan(0, 32).Clear();
            float[] expected = [.. value];
            GgmlBlocks.RoundTrip(expected, type);
            foreach (IsaPath path in Isa.BestFirst.Where(Isa.IsSupported))
            {
                using FloatMatrix output = AttentionOver(type, value, path);
                Assert.Equal(expected, output.Row(0).ToArray()); // −0 comes back as 0
            }
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(96)]
    [InlineData(128)]
    [InlineData(256)]
    public void Hadamard_OfAnyLength_IsTheDefinitionToTheBitAndItsOwnInverse(int length)
    {
        float[] x = [.. Random(1, length, seed: 9).Row(0)], expected = [.. x], back;
        GgmlBlocks.Rotate(expected);
        float[] rotated = [.. x];
        Hadamard.Rotate(rotated);
        Assert.Equal(Bits(expected), Bits(rotated));
        back = [.. rotated];
        Hadamard.Rotate(back);
        for (int i = 0; i < length; i++)
            Near(x[i], back[i], 1);
    }

    /// <summary>
    /// Every score is off by at most δ = |scale| · |error of the key| · |query|, so weights by a factor of e^2δ, and
    /// the result by (e^2δ − 1) · max|value| + |error of a value|. Errors are those of the blocks of the very keys
    /// and values.
    /// </summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_Quantized_StaysWithinWhatTheBlocksLose(KvType type, int headDim)
    {
        const int Length = 70, Row = Length - 1;
        using FloatMatrix queries = Random(Length, headDim, seed: 1), keys = Random(Length, headDim, seed: 2);
        using FloatMatrix values = Random(Length, headDim, seed: 3);
        float scale = 1 / MathF.Sqrt(headDim);
        using FloatMatrix exact = Attend(KvType.F32, queries, keys, values, scale);
        using FloatMatrix rounded = Attend(type, queries, keys, values, scale);
        double score = 0, value = 0, largest = 0;
        for (int p = 0; p < Length; p++)
        {
            score = Math.Max(score, scale * Norm(queries.Row(Row)) * Lost(keys.Row(p), type));
            value = Math.Max(value, Lost(values.Row(p), type));
            foreach (float x in values.Row(p))
                largest = Math.Max(largest, Math.Abs(x));
        }

        double bound = ((Math.Exp(2 * score) - 1) * largest) + value;
        double worst = 0;
        for (int i = 0; i < headDim; i++)
            worst = Math.Max(worst, Math.Abs(exact.Row(Row)[i] - rounded.Row(Row)[i]));
        Assert.InRange(worst, double.Epsilon, bound);
    }

    /// <summary>Why 4 bits are rotated: with one channel a hundred times the others, these would become 0.</summary>
    [Fact]
    public void Store_InFourBitsWithOneLargeChannel_KeepsTheOthers()
    {
        float[] value = [.. Random(1, 128, seed: 5).Row(0)];
        value[17] = 100;
        using FloatMatrix output = AttentionOver(KvType.Q4_0, value, Isa.Selected);
        double lost = 0, size = 0;
        for (int i = 0; i < 128; i++)
        {
            lost += i == 17 ? 0 : Math.Pow(output.Row(0)[i] - value[i], 2);
            size += i == 17 ? 0 : Math.Pow(value[i], 2);
        }

        Assert.InRange(lost / size, 0, 0.9);
    }

    [Theory]
    [InlineData(KvType.Q8_0)]
    [InlineData(KvType.Q4_0)]
    public void Store_HeadsOfNoWholeGroups_AreRefused(KvType type)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new KvStore(1, 1, 80, type, 1));
        Assert.Contains("whole groups of 32, found 80", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(KvType.F32, 65_536)]
    [InlineData(KvType.F16, 32_768)]
    [InlineData(KvType.Q8_0, 17_408)] // 34 bytes for 32 numbers, as in ggml
    [InlineData(KvType.Q4_0, 9_216)] // 18
    public void BlockBytes_OfEachType_AreNumbersAndScales(KvType type, long expected)
    {
        using var store = new KvStore(1, 2, 128, type, 1);
        Assert.Equal(expected, store.BlockBytes);
    }

    private static double Norm(ReadOnlySpan<float> x)
    {
        double sum = 0;
        foreach (float value in x)
            sum += (double)value * value;
        return Math.Sqrt(sum);
    }

    /// <summary>The length of what rounding to blocks takes from a head.</summary>
    private static double Lost(ReadOnlySpan<float> head, KvType type)
    {
        float[] rounded = [.. head];
        GgmlBlocks.RoundTrip(rounded, type);
        for (int i = 0; i < rounded.Length; i++)
            rounded[i] -= head[i];
        return Norm(rounded);
    }

    private static FloatMatrix AttentionOver(KvType type, float[] value, IsaPath path)
    {
        using FloatMatrix query = Random(1, value.Length, seed: 6), key = Random(1, value.Length, seed: 7);
        using FloatMatrix values = new(1, value.Length);
        value.CopyTo(values.Row(0));
        return Attend(type, query, key, values, 1, path);
    }

    private static FloatMatrix Attend(
        KvType type, FloatMatrix queries, FloatMatrix keys, FloatMatrix values, float scale, IsaPath? path = null)
    {
        int blocks = (keys.Rows + KvStore.BlockTokens - 1) / KvStore.BlockTokens;
        using var store = new KvStore(1, 1, keys.Columns, type, blocks);
        using var pool = new WorkerPool(2);
        using var writer = new KvWriter(pool, store);
        using var attention = new Kernels.Operators.Attention(pool, path ?? Isa.Selected, 1, store);
        for (int block = 0; block < blocks; block++)
            store.Touch(block);
        var output = new FloatMatrix(queries.Rows, queries.Columns);
        var span = new AttentionSpan(0, keys.Rows, 0, [.. Enumerable.Range(0, blocks)]);
        writer.Run(0, [span], keys, values);
        attention.Run(0, [span], queries, output, new AttentionRule(scale));
        return output;
    }
}
