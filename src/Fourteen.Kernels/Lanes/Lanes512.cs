using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Fourteen.Kernels.Lanes;

/// <summary>Sixteen lanes on AVX-512BW, in the manner of <see cref="PairProducts"/>.</summary>
internal readonly unsafe struct Lanes512 : ILanes<Vector512<int>, Vector512<float>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(byte* source) => Vector512.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast4(void* source) => Vector512.Create(*(int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> And(Vector512<int> a, Vector512<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Or(Vector512<int> a, Vector512<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftLeft(Vector512<int> a, int bits) => a << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftRight(Vector512<int> a, int bits) => a >>> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Subtract(Vector512<int> a, Vector512<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyInt(Vector512<int> a, Vector512<int> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Table(Vector128<sbyte> bytes) => Vector512.Create(bytes).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Lookup(Vector512<int> table, Vector512<int> indices) =>
        Avx512BW.Shuffle(table.AsByte(), indices.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AbsoluteBytes(Vector512<int> a) =>
        Avx512BW.Abs(a.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DotAdd(Vector512<int> sum, Vector512<int> unsignedBytes, Vector512<int> signedBytes) =>
        Avx512BW.Add(
            sum.AsInt16(),
            Avx512BW.MultiplyAddAdjacent(unsignedBytes.AsByte(), signedBytes.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector512<int> sum) =>
        Avx512BW.MultiplyAddAdjacent(sum.AsInt16(), Vector512.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> PrepareScale(Vector512<int> scalePairs) =>
        scalePairs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Scale(Vector512<int> sum, Vector512<int> preparedScale) =>
        Avx512BW.MultiplyAddAdjacent(sum.AsInt16(), preparedScale.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DotSigned(
        Vector512<int> sum, Vector512<int> weights, Vector512<int> absolute, Vector512<int> activations)
    {
        // There is no 512-bit VPSIGNB: negate under the mask of the negative weights (a zero weight needs no care).
        Vector512<sbyte> x = activations.AsSByte();
        Vector512<sbyte> negative = Vector512.LessThan(weights.AsSByte(), Vector512<sbyte>.Zero);
        Vector512<sbyte> signed = Vector512.ConditionalSelect(negative, -x, x);
        Vector512<short> pairs = Avx512BW.MultiplyAddAdjacent(absolute.AsByte(), signed);
        return sum + Avx512BW.MultiplyAddAdjacent(pairs, Vector512.Create((short)1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyPairs(Vector512<int> a, Vector512<int> b) =>
        Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadBytes(byte* source) =>
        Avx512F.ConvertToVector512Int32(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadSignedBytes(sbyte* source) =>
        Avx512F.ConvertToVector512Int32(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadBytePairs(byte* source) =>
        Avx512BW.ConvertToVector512Int16(Vector256.Load(source)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToFloat(Vector512<int> a) => Vector512.ConvertToSingle(a);

    /// <summary>VPERMPS looks at the lowest four bits alone, so that it masks, subtracts and converts at once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> NibbleToFloat(Vector512<int> a) =>
        Avx512F.PermuteVar16x32(
            Vector512.Create(-8f, -7f, -6f, -5f, -4f, -3f, -2f, -1f, 0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f), a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalf(byte* source) =>
        LoadHalfTiny(source) * Vector512.Create(5.192296858534828e33f);

    /// <summary>
    /// Sign-extended, the half's exponent and fraction sit 13 bits below a float's, and its sign fills the bits above:
    /// mask both into place; the exponent's bias is then 112 too small. Subnormal halves come out right too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalfTiny(byte* source) =>
        ((LoadShorts(source) << 13) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBFloat16(byte* source) => (LoadShorts(source) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFloat(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Vector512<float> value) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> BroadcastFloat(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> AddFloat(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SubtractFloat(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Fma(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> LoadShorts(byte* source) =>
        Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source));
}
