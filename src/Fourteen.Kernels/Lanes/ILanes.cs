using System.Runtime.Intrinsics;

namespace Fourteen.Kernels.Lanes;

/// <summary>
/// The vector operations that kernels are written in, once for all instruction sets. A vector holds
/// <see cref="Count"/> 32-bit lanes, and one lane is one row of weights (or one position, or one channel): no operation
/// here crosses lanes, so every width gives the same bits. Integer operations are exact within the ranges each states.
/// </summary>
/// <typeparam name="TI">A vector of 32-bit integers, also read as four bytes or two 16-bit integers a lane.</typeparam>
/// <typeparam name="TF">A vector of 32-bit floats.</typeparam>
internal unsafe interface ILanes<TI, TF>
    where TI : struct
    where TF : struct
{
    /// <summary>Lanes in a vector: 4, 8 or 16.</summary>
    static abstract int Count { get; }

    /// <summary>Loads four bytes a lane.</summary>
    static abstract TI Load(byte* source);

    /// <summary>The four bytes at <paramref name="source"/> in every lane.</summary>
    static abstract TI Broadcast4(void* source);

    static abstract TI Broadcast(int value);

    static abstract TI And(TI a, TI b);

    static abstract TI Or(TI a, TI b);

    static abstract TI ShiftLeft(TI a, int bits);

    /// <summary>Logical shift of each 32-bit lane.</summary>
    static abstract TI ShiftRight(TI a, int bits);

    static abstract TI Add(TI a, TI b);

    static abstract TI Subtract(TI a, TI b);

    /// <summary>The low 32 bits of each lane's product.</summary>
    static abstract TI MultiplyInt(TI a, TI b);

    /// <summary>The same 16 bytes in each quarter of 16 lanes, as a table for <see cref="Lookup"/>.</summary>
    static abstract TI Table(Vector128<sbyte> bytes);

    /// <summary>For each byte of <paramref name="indices"/>, 0 … 15, that byte of the table.</summary>
    static abstract TI Lookup(TI table, TI indices);

    /// <summary>|byte|, with 128 for −128.</summary>
    static abstract TI AbsoluteBytes(TI a);

    /// <summary>
    /// Adds the products of a lane's four unsigned weights and four signed activations to a running sum whose form is
    /// the path's own (see <see cref="Widen"/>). It may grow only while 127 · Σ|weight pair| stays within 32,767.
    /// </summary>
    static abstract TI DotAdd(TI sum, TI unsignedBytes, TI signedBytes);

    /// <summary>The running sum of <see cref="DotAdd"/> as one 32-bit integer a lane.</summary>
    static abstract TI Widen(TI sum);

    /// <summary>A 16-bit scale in both halves of each lane, brought into the form that <see cref="Scale"/> wants.
    /// </summary>
    static abstract TI PrepareScale(TI scalePairs);

    /// <summary>The running sum of <see cref="DotAdd"/> times a prepared scale, as one 32-bit integer a lane.</summary>
    static abstract TI Scale(TI sum, TI preparedScale);

    /// <summary>
    /// sum + Σ w·x over a lane's four signed bytes, as 32-bit integers; <paramref name="absolute"/> is
    /// <see cref="AbsoluteBytes"/> of the weights. Activations lie in [−127, 127]: −128 has no negative.
    /// </summary>
    static abstract TI DotSigned(TI sum, TI weights, TI absolute, TI activations);

    /// <summary>a.low·b.low + a.high·b.high of the two signed 16-bit halves of each lane.</summary>
    static abstract TI MultiplyPairs(TI a, TI b);

    /// <summary>One unsigned byte a lane, widened.</summary>
    static abstract TI LoadBytes(byte* source);

    /// <summary>One signed byte a lane, widened.</summary>
    static abstract TI LoadSignedBytes(sbyte* source);

    /// <summary>Two unsigned bytes a lane, widened to its two 16-bit halves.</summary>
    static abstract TI LoadBytePairs(byte* source);

    static abstract TF ToFloat(TI a);

    /// <summary>The lowest four bits of each lane, 0 … 15, less 8.</summary>
    static abstract TF NibbleToFloat(TI a);

    /// <summary>One half-precision number a lane; infinities and NaN become large finite numbers.</summary>
    static abstract TF LoadHalf(byte* source);

    /// <summary>One half-precision number a lane, times 2^−112: exact, and cheaper than <see cref="LoadHalf"/>.
    /// </summary>
    static abstract TF LoadHalfTiny(byte* source);

    /// <summary>One bfloat16 number a lane.</summary>
    static abstract TF LoadBFloat16(byte* source);

    static abstract TF LoadFloat(float* source);

    static abstract void Store(float* target, TF value);

    static abstract TF BroadcastFloat(float value);

    static abstract TF AddFloat(TF a, TF b);

    static abstract TF SubtractFloat(TF a, TF b);

    static abstract TF Multiply(TF a, TF b);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract TF Fma(TF a, TF b, TF c);
}
