using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Kernels.Lanes;

/// <summary>
/// Four lanes in portable vectors, for Arm64 and any x64. Bytes are multiplied as even and odd halves of 16-bit lanes,
/// which gives the same pairs as VPMADDUBSW without its saturation.
/// </summary>
internal readonly unsafe struct Lanes128 : ILanes<Vector128<int>, Vector128<float>>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* source) => Vector128.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast4(void* source) => Vector128.Create(*(int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(int value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> And(Vector128<int> a, Vector128<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Or(Vector128<int> a, Vector128<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftLeft(Vector128<int> a, int bits) => a << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftRight(Vector128<int> a, int bits) => a >>> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Subtract(Vector128<int> a, Vector128<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyInt(Vector128<int> a, Vector128<int> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Table(Vector128<sbyte> bytes) => bytes.AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Lookup(Vector128<int> table, Vector128<int> indices) =>
        Vector128.Shuffle(table.AsByte(), indices.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AbsoluteBytes(Vector128<int> a) =>
        Vector128.Abs(a.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotAdd(Vector128<int> sum, Vector128<int> unsignedBytes, Vector128<int> signedBytes) =>
        (sum.AsInt16() + MultiplyBytePairs(unsignedBytes, signedBytes)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Widen(Vector128<int> sum) =>
        ((sum << 16) >> 16) + (sum >> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> PrepareScale(Vector128<int> scalePairs) =>
        (scalePairs << 16) >> 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Scale(Vector128<int> sum, Vector128<int> preparedScale) =>
        (((sum << 16) >> 16) + (sum >> 16)) * preparedScale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotSigned(
        Vector128<int> sum, Vector128<int> weights, Vector128<int> absolute, Vector128<int> activations)
    {
        Vector128<sbyte> x = activations.AsSByte();
        Vector128<sbyte> negative = Vector128.LessThan(weights.AsSByte(), Vector128<sbyte>.Zero);
        Vector128<sbyte> signed = Vector128.ConditionalSelect(negative, -x, x);
        return sum + Widen(MultiplyBytePairs(absolute, signed.AsInt32()).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyPairs(Vector128<int> a, Vector128<int> b) =>
        (((a << 16) >> 16) * ((b << 16) >> 16)) + ((a >> 16) * (b >> 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadBytes(byte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)source).AsByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadSignedBytes(sbyte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadBytePairs(byte* source) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloat(Vector128<int> a) => Vector128.ConvertToSingle(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> NibbleToFloat(Vector128<int> a) =>
        Vector128.ConvertToSingle((a & Vector128.Create(15)) - Vector128.Create(8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalf(byte* source) =>
        LoadHalfTiny(source) * Vector128.Create(5.192296858534828e33f);

    /// <summary>
    /// Sign-extended, the half's exponent and fraction sit 13 bits below a float's, and its sign fills the bits above:
    /// mask both into place; the exponent's bias is then 112 too small. Subnormal halves come out right too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalfTiny(byte* source) =>
        ((LoadShorts(source) << 13) & Vector128.Create(unchecked((int)0x8FFFE000))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(byte* source) => (LoadShorts(source) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloat(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Vector128<float> value) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> BroadcastFloat(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AddFloat(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SubtractFloat(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fma(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> LoadShorts(byte* source) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsInt16());

    /// <summary>u0·s0 + u1·s1 in each 16-bit lane; the caller keeps the sum within 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> MultiplyBytePairs(Vector128<int> unsignedBytes, Vector128<int> signedBytes)
    {
        Vector128<short> unsignedEven = unsignedBytes.AsInt16() & Vector128.Create((short)0xFF);
        Vector128<short> unsignedOdd = unsignedBytes.AsInt16() >>> 8;
        Vector128<short> signedEven = (signedBytes.AsInt16() << 8) >> 8;
        Vector128<short> signedOdd = signedBytes.AsInt16() >> 8;
        return (unsignedEven * signedEven) + (unsignedOdd * signedOdd);
    }
}
