using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.MatMul;

/// <summary>The form in which a weight type wants the activations it is multiplied with.</summary>
public enum ActivationFormat
{
    /// <summary>32-bit floats as they are.</summary>
    Float,

    /// <summary>Signed bytes with one scale for 32 columns.</summary>
    Block32,

    /// <summary>Signed bytes with one scale for 256 columns.</summary>
    Block256,
}

/// <summary>
/// Quantized activations as kernels see them: token t's values stand at index t times the stride of each array.
/// Quants lie in [−127, 127].
/// </summary>
internal unsafe struct ActivationRows
{
    /// <summary>[tokens, columns]</summary>
    internal sbyte* Quants;
    internal nint QuantStride;

    /// <summary>[tokens, blocks]: real value = quant · scale.</summary>
    internal float* Scales;

    /// <summary>Block32: [tokens, blocks], scale · Σ quants of the block. Unused in Block256.</summary>
    internal float* ScaledSums;

    /// <summary>Block32: [tokens, blocks], Σ quants of the block. Unused in Block256.</summary>
    internal int* Sums;

    /// <summary>Floats from one token to the next in the three arrays above.</summary>
    internal nint BlockStride;

    /// <summary>Block256: [tokens, columns / 32], Σ of 32 quants.</summary>
    internal short* Sums32;

    /// <summary>Block256: [tokens, columns / 16], Σ of 16 quants.</summary>
    internal short* Sums16;

    /// <summary>Block256: [tokens, columns / 16], −16 · Σ of 16 quants in both halves of each integer.</summary>
    internal int* Offsets16;

    /// <summary>The rows from <paramref name="token"/> on.</summary>
    internal readonly ActivationRows From(int token) => new()
    {
        Quants = Quants + (token * QuantStride),
        QuantStride = QuantStride,
        Scales = Scales + (token * BlockStride),
        ScaledSums = ScaledSums + (token * BlockStride),
        Sums = Sums + (token * BlockStride),
        BlockStride = BlockStride,
        Sums32 = Sums32 + (token * (QuantStride / 32)),
        Sums16 = Sums16 + (token * (QuantStride / 16)),
        Offsets16 = Offsets16 + (token * (QuantStride / 16)),
    };
}

/// <summary>
/// The activations that enter one or several matrix products, in each format that a weight asked for. Made once for the
/// widest input and the most tokens of a step; owned by the thread that runs the step.
/// </summary>
public sealed unsafe class Activations : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly QuantizeJob _job = new();
    private readonly AlignedBuffer _quants32;
    private readonly AlignedBuffer _quants256;
    private readonly AlignedBuffer _perBlock;
    private readonly int _columnsMax;
    private readonly int _rowsMax;
    private FloatMatrix? _source;
    private bool _has32;
    private bool _has256;
    private ActivationRows _rows32;
    private ActivationRows _rows256;

    public Activations(WorkerPool pool, int rowsMax, int columnsMax)
    {
        _pool = pool;
        _rowsMax = rowsMax;
        _columnsMax = (columnsMax + 255) / 256 * 256;
        long quants = (long)rowsMax * _columnsMax;
        _quants32 = new AlignedBuffer(quants, zeroed: false);
        _quants256 = new AlignedBuffer(quants, zeroed: false);
        // Per token: Block32 has three arrays of columns / 32; Block256 one of / 256, one of / 16, shorts of / 32 and
        // of / 16.
        _perBlock = new AlignedBuffer(rowsMax * (long)(_columnsMax / 32) * sizeof(float) * 8, zeroed: false);
    }

    /// <summary>Takes <paramref name="source"/> as the input of the products to come; quantized when first asked for.
    /// </summary>
    public void Begin(FloatMatrix source)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Columns, _columnsMax, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Rows, _rowsMax, nameof(source));
        _source = source;
        _has32 = false;
        _has256 = false;
    }

    public void Dispose()
    {
        _quants32.Dispose();
        _quants256.Dispose();
        _perBlock.Dispose();
    }

    internal FloatMatrix Source => _source ?? throw new InvalidOperationException("Begin comes first.");

    internal ActivationRows Quantized(ActivationFormat format)
    {
        ref bool has = ref format == ActivationFormat.Block32 ? ref _has32 : ref _has256;
        if (!has)
        {
            has = true;
            Layout();
            _job.Source = Source;
            _job.Rows = format == ActivationFormat.Block32 ? _rows32 : _rows256;
            _job.Format = format;
            _pool.Run(_job, Source.Rows, 4);
        }

        return format == ActivationFormat.Block32 ? _rows32 : _rows256;
    }

    private void Layout()
    {
        int columns = Source.Columns;
        long perArray = (long)_rowsMax * (_columnsMax / 32);
        float* block = (float*)_perBlock.Address;
        _rows32 = new ActivationRows
        {
            Quants = (sbyte*)_quants32.Address,
            QuantStride = columns,
            Scales = block,
            ScaledSums = block + perArray,
            Sums = (int*)(block + (2 * perArray)),
            BlockStride = columns / 32,
        };
        _rows256 = new ActivationRows
        {
            Quants = (sbyte*)_quants256.Address,
            QuantStride = columns,
            Scales = block + (3 * perArray),
            BlockStride = columns / 256,
            Offsets16 = (int*)(block + (4 * perArray)),
            Sums32 = (short*)(block + (6 * perArray)),
            Sums16 = (short*)(block + (7 * perArray)),
        };
    }

    private sealed class QuantizeJob : WorkerJob
    {
        internal FloatMatrix Source = null!; // Set before each run.
        internal ActivationRows Rows;
        internal ActivationFormat Format;

        public override void Execute(int start, int end, int worker)
        {
            for (int row = start; row < end; row++)
            {
                if (Format == ActivationFormat.Block32)
                    Quantize32(Source.Pointer(row), Source.Columns, Rows, row);
                else
                    Quantize256(Source.Pointer(row), Source.Columns, Rows, row);
            }
        }
    }

    /// <summary>scale = max|x| / 127, quant = x · (127 / max|x|) rounded half to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quantize32(float* source, int columns, in ActivationRows rows, int row)
    {
        sbyte* quants = rows.Quants + (row * rows.QuantStride);
        float* scales = rows.Scales + (row * rows.BlockStride), scaled = rows.ScaledSums + (row * rows.BlockStride);
        int* sums = rows.Sums + (row * rows.BlockStride);
        float* max = stackalloc float[Vector256<float>.Count], inverse = stackalloc float[Vector256<float>.Count];
        int blocks = columns / 32;
        // Eight blocks at a time, for the divisions.
        for (int first = 0; first < blocks; first += Vector256<float>.Count)
        {
            int count = Math.Min(Vector256<float>.Count, blocks - first);
            for (int i = 0; i < count; i++)
                max[i] = AbsoluteMax(source + ((first + i) * 32), 32);
            Inverse(Vector256.Load(max)).Store(inverse);
            (Vector256.Load(max) / Vector256.Create(127f)).Store(max);
            for (int i = 0; i < count; i++)
            {
                int block = first + i;
                sbyte* target = quants + (block * 32);
                QuantizeBlock(source + (block * 32), target, 32, Vector256.Create(inverse[i]));
                int sum = Sum16(target) + Sum16(target + 16);
                scales[block] = max[i];
                sums[block] = sum;
                scaled[block] = max[i] * sum;
            }
        }
    }

    /// <summary>As <see cref="Quantize32"/> over 256 columns, with the partial sums that K-quants want.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quantize256(float* source, int columns, in ActivationRows rows, int row)
    {
        sbyte* quants = rows.Quants + (row * rows.QuantStride);
        for (int block = 0; block < columns / 256; block++)
        {
            float max = AbsoluteMax(source + (block * 256), 256);
            QuantizeBlock(
                source + (block * 256), quants + (block * 256), 256, Inverse(Vector256.Create(max)));
            rows.Scales[(row * rows.BlockStride) + block] = max / 127f;
        }

        short* sums32 = rows.Sums32 + ((nint)row * (columns / 32));
        short* sums16 = rows.Sums16 + ((nint)row * (columns / 16));
        int* offsets16 = rows.Offsets16 + ((nint)row * (columns / 16));
        for (int i = 0; i < columns / 32; i++)
        {
            int low = Sum16(quants + (i * 32));
            int high = Sum16(quants + (i * 32) + 16);
            sums32[i] = (short)(low + high);
            sums16[2 * i] = (short)low;
            sums16[(2 * i) + 1] = (short)high;
            offsets16[2 * i] = Pair(-16 * low);
            offsets16[(2 * i) + 1] = Pair(-16 * high);
        }
    }

    private static int Pair(int value) => (value & 0xFFFF) | (value << 16);

    /// <summary>The largest magnitude, or NaN where there is one: as integers, magnitudes have the same order, and NaN
    /// is above all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float AbsoluteMax(float* source, int count)
    {
        Vector256<int> magnitude = Vector256.Create(int.MaxValue), max = Vector256<int>.Zero, other = max;
        for (int i = 0; i < count; i += 16)
        {
            max = Vector256.Max(max, Vector256.Load((int*)source + i) & magnitude);
            other = Vector256.Max(other, Vector256.Load((int*)source + i + 8) & magnitude);
        }

        max = Vector256.Max(max, other);
        Vector128<int> half = Vector128.Max(max.GetLower(), max.GetUpper());
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(1, 0, 3, 2)));
        return BitConverter.Int32BitsToSingle(half[0]);
    }

    /// <summary>127 / max, or 0 where the maximum is 0 or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Inverse(Vector256<float> max) =>
        (Vector256.Create(127f) / max) & Vector256.GreaterThan(max, Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuantizeBlock(float* source, sbyte* quants, int count, Vector256<float> inverse)
    {
        for (int i = 0; i < count; i += 32)
        {
            Vector256<short> low = Vector256.Narrow(Round(source + i, inverse), Round(source + i + 8, inverse));
            Vector256<short> high = Vector256.Narrow(Round(source + i + 16, inverse), Round(source + i + 24, inverse));
            Vector256.Narrow(low, high).Store(quants + i);
        }
    }

    /// <summary>
    /// Adding 1.5 · 2^23 leaves the integer nearest to the value (half to even) in the low bits of the fraction; values
    /// are within ±127. The addition is exact in every instruction set, as a conversion need not be.
    /// </summary>
    private static Vector256<int> Round(float* source, Vector256<float> inverse)
    {
        Vector256<float> magic = Vector256.Create(12582912f);
        Vector256<float> shifted = (Vector256.Load(source) * inverse) + magic;
        return shifted.AsInt32() - magic.AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sum16(sbyte* quants)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.Load(quants));
        return Vector128.Sum(low + high);
    }
}
