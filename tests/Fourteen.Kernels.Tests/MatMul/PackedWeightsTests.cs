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
/// Packed weights times inputs that 8 bits hold exactly: so each product is that of the dequantized weights, whatever
/// the type, up to the rounding of a few floats.
/// </summary>
public sealed unsafe class PackedWeightsTests
{
    /// <summary>A handful of rounded float operations, relative to Σ|terms|; a step of any quant is far more.</summary>
    private const double Tolerance = 2e-6;

    private const int Rows = 19;

    public static TheoryData<IsaPath> Paths() => new(Isa.BestFirst);

    /// <summary>Token c has a one in column c, so its outputs are the weights of the column: no two may be mixed up.
    /// </summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void Run_OneHotInput_GivesEachWeight(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        using var pool = new WorkerPool(2);
        foreach (GgmlType type in PackedTypes())
        {
            int columns = 2 * Math.Max(32, GgmlTypeTraits.Of(type).BlockElements);
            byte[] bytes = RandomWeights.Of(type, Rows, columns, seed: 5);
            using var input = new FloatMatrix(columns, columns);
            for (int c = 0; c < columns; c++)
            {
                input.Row(c).Clear();
                input.Row(c)[c] = 1;
            }

            Check(pool, path, type, bytes, input, (weights, token) => (weights[token], Largest(weights)));
        }
    }

    /// <summary>Quants and sub-block scales at their extremes and activations at ±127: sums are the largest there are.
    /// </summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void Run_ExtremeWeightsAndActivations_DoNotSaturate(IsaPath path)
    {
        Assert.SkipUnless(Isa.IsSupported(path), $"{path} is not supported on this processor");
        const int Columns = 512, Tokens = 7;
        using var pool = new WorkerPool(2);
        using var input = new FloatMatrix(Tokens, Columns);
        for (int t = 0; t < Tokens; t++)
        {
            // All +1, all −1, then signs that change every 1, 2, 4 … columns.
            for (int c = 0; c < Columns; c++)
                input.Row(t)[c] = t == 0 || (t > 1 && (c >> (t - 2)) % 2 == 0) ? 1 : -1;
        }

        foreach (GgmlType type in PackedTypes())
        {
            foreach (byte value in (byte[])[0xFF, 0x00, 0x7F, 0x80, 0xF0, 0x0F])
            {
                byte[] bytes = RandomWeights.Filled(type, Rows, Columns, value);
                Check(pool, path, type, bytes, input, (weights, token) =>
                {
                    double sum = 0;
                    for (int c = 0; c < Columns; c++)
                        sum += weights[c] * (double)input.Row(token)[c];
                    return (sum, Columns * Largest(weights));
                });
            }
        }
    }

    /// <summary>Packing may widen scales, but the weights must not grow by more than this.</summary>
    [Fact]
    public void PackedBytes_OfEveryType_AreNearThoseOfTheFile()
    {
        // Base 3 becomes 2 bits, and the scale of 128 columns stands beside each 32.
        GgmlType[] larger = [GgmlType.TQ1_0, GgmlType.Q1_0];
        foreach (GgmlType type in PackedTypes().Except(larger))
        {
            double ratio = WeightMatrix.PackedBytesOf(type, 16, 1024) / (16.0 * RowBytes(type, 1024));
            Assert.True(ratio is >= 1 and < 1.06, $"{type}: {ratio:F3}");
        }
    }

    private static IEnumerable<GgmlType> PackedTypes() => GgmlTypeTraits.All.Select(traits => traits.Type)
        .Where(type => Dequantizer.Supports(type) && WeightMatrix.PackedBytesOf(type, 16, 1024) > 0);

    private delegate (double Expected, double Size) Expectation(float[] weights, int token);

    private static void Check(
        WorkerPool pool, IsaPath path, GgmlType type, byte[] bytes, FloatMatrix input, Expectation expectation)
    {
        using var memory = new GuardedMemory(bytes);
        using WeightMatrix matrix =
            WeightMatrix.Load(pool, type, memory.Address, Rows, input.Columns, packed: true);
        using var output = new FloatMatrix(input.Rows, Rows);
        using var activations = new Activations(pool, input.Rows, input.Columns);
        using var matMul = new Fourteen.Kernels.MatMul.MatMul(pool, path);
        activations.Begin(input);
        matMul.Run(activations, new Product(matrix, output));
        float[] weights = new float[input.Columns];
        for (int row = 0; row < Rows; row++)
        {
            Dequantizer.Row(type, memory.Address + (nint)(row * RowBytes(type, input.Columns)), weights);
            for (int token = 0; token < input.Rows; token++)
            {
                (double expected, double size) = expectation(weights, token);
                double difference = Math.Abs(output.Row(token)[row] - expected);
                Assert.True(
                    difference <= Tolerance * size,
                    $"{type} on {path}: row {row}, token {token} differs by {difference:E2} of {size:E2}");
            }
        }
    }

    private static double Largest(float[] weights) => weights.Max(Math.Abs);

    private static long RowBytes(GgmlType type, int columns) => GgmlTypeTraits.Of(type).RowBytes(columns);
}
