using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Fourteen.Kernels.Lanes;

/// <summary>How 256-bit vectors multiply bytes; see <see cref="ILanes{TI,TF}"/> for each member.</summary>
internal interface IByteProducts
{
    static abstract Vector256<int> DotAdd(Vector256<int> sum, Vector256<int> unsignedBytes, Vector256<int> signedBytes);

    static abstract Vector256<int> Widen(Vector256<int> sum);

    static abstract Vector256<int> PrepareScale(Vector256<int> scalePairs);

    static abstract Vector256<int> Scale(Vector256<int> sum, Vector256<int> preparedScale);

    /// <summary>sum + the four products of a lane: |weights| times activations that took the weights' sign.</summary>
    static abstract Vector256<int> DotSigned(Vector256<int> sum, Vector256<int> absolute, Vector256<sbyte> signed);
}

/// <summary>
/// Products on AVX2: sums stay in pairs of 16-bit integers (VPMADDUBSW) until they are widened, and a scale is applied
/// by the same VPMADDWD that widens.
/// </summary>
internal readonly struct PairProducts : IByteProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotAdd(Vector256<int> sum, Vector256<int> unsignedBytes, Vector256<int> signedBytes) =>
        Avx2.Add(sum.AsInt16(), Avx2.MultiplyAddAdjacent(unsignedBytes.AsByte(), signedBytes.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<int> sum) =>
        Avx2.MultiplyAddAdjacent(sum.AsInt16(), Vector256.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> PrepareScale(Vector256<int> scalePairs) =>
        scalePairs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scale(Vector256<int> sum, Vector256<int> preparedScale) =>
        Avx2.MultiplyAddAdjacent(sum.AsInt16(), preparedScale.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<int> absolute, Vector256<sbyte> signed)
    {
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(absolute.AsByte(), signed);
        return sum + Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1));
    }
}

/// <summary>
/// Products on AVX-VNNI: VPDPBUSD adds four products to a 32-bit lane at once, so nothing is widened, and a scale is a
/// 32-bit multiplication.
/// </summary>
internal readonly struct QuadProducts : IByteProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotAdd(Vector256<int> sum, Vector256<int> unsignedBytes, Vector256<int> signedBytes) =>
        AvxVnni.MultiplyWideningAndAdd(sum, unsignedBytes.AsByte(), signedBytes.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<int> sum) =>
        sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> PrepareScale(Vector256<int> scalePairs) =>
        (scalePairs << 16) >> 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scale(Vector256<int> sum, Vector256<int> preparedScale) =>
        sum * preparedScale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<int> absolute, Vector256<sbyte> signed) =>
        AvxVnni.MultiplyWideningAndAdd(sum, absolute.AsByte(), signed);
}

/// <summary>Eight lanes on AVX2, with bytes multiplied in the way of <typeparamref name="TP"/>.</summary>
internal readonly unsafe struct Lanes256<TP> : ILanes<Vector256<int>, Vector256<float>>
    where TP : struct, IByteProducts
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(byte* source) => Vector256.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast4(void* source) => Vector256.Create(*(int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> And(Vector256<int> a, Vector256<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Or(Vector256<int> a, Vector256<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft(Vector256<int> a, int bits) => a << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRight(Vector256<int> a, int bits) => a >>> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Subtract(Vector256<int> a, Vector256<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyInt(Vector256<int> a, Vector256<int> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Table(Vector128<sbyte> bytes) => Vector256.Create(bytes).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Lookup(Vector256<int> table, Vector256<int> indices) =>
        Avx2.Shuffle(table.AsByte(), indices.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AbsoluteBytes(Vector256<int> a) =>
        Avx2.Abs(a.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotAdd(Vector256<int> sum, Vector256<int> unsignedBytes, Vector256<int> signedBytes) =>
        TP.DotAdd(sum, unsignedBytes, signedBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<int> sum) => TP.Widen(sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> PrepareScale(Vector256<int> scalePairs) => TP.PrepareScale(scalePairs);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scale(Vector256<int> sum, Vector256<int> preparedScale) =>
        TP.Scale(sum, preparedScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(
        Vector256<int> sum, Vector256<int> weights, Vector256<int> absolute, Vector256<int> activations) =>
        TP.DotSigned(sum, absolute, Avx2.Sign(activations.AsSByte(), weights.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyPairs(Vector256<int> a, Vector256<int> b) =>
        Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadBytes(byte* source) =>
        Avx2.ConvertToVector256Int32(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadSignedBytes(sbyte* source) =>
        Avx2.ConvertToVector256Int32(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadBytePairs(byte* source) =>
        Avx2.ConvertToVector256Int16(source).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloat(Vector256<int> a) => Vector256.ConvertToSingle(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> NibbleToFloat(Vector256<int> a) =>
        Vector256.ConvertToSingle((a & Vector256.Create(15)) - Vector256.Create(8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(byte* source) =>
        LoadHalfTiny(source) * Vector256.Create(5.192296858534828e33f);

    /// <summary>
    /// Sign-extended, the half's exponent and fraction sit 13 bits below a float's, and its sign fills the bits above:
    /// mask both into place; the exponent's bias is then 112 too small. Subnormal halves come out right too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalfTiny(byte* source) =>
        ((LoadShorts(source) << 13) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBFloat16(byte* source) => (LoadShorts(source) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFloat(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Vector256<float> value) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> BroadcastFloat(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddFloat(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SubtractFloat(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fma(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LoadShorts(byte* source) => Avx2.ConvertToVector256Int32((short*)source);
}
