using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Kernels.MatMul;

/// <summary>Sixteen rows of 32-bit words to columns of sixteen.</summary>
internal static unsafe class Transpose
{
    /// <summary>target[c, r] = source[r, c] for 16 rows, <paramref name="stride"/> floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void To16(float* source, int stride, int columns, float* target) =>
        Words16((byte*)source, stride * (long)sizeof(float), columns, (uint*)target);

    /// <summary>
    /// target[c, r] = word c of row r, for 16 rows that begin <paramref name="rowBytes"/> apart, at any address.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Words16(byte* source, long rowBytes, int words, uint* target)
    {
        int c = 0;
        for (; c + 4 <= words; c += 4)
        {
            for (int r = 0; r < 16; r += 4)
                Square4(source + (r * rowBytes) + (c * sizeof(uint)), rowBytes, (float*)target + (c * 16) + r);
        }

        for (; c < words; c++)
        {
            for (int r = 0; r < 16; r++)
                target[(c * 16) + r] = ((uint*)(source + (r * rowBytes)))[c];
        }
    }

    // Words pass as floats because these have the two-operand shuffles; nothing computes with them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square4(byte* source, long rowBytes, float* target)
    {
        Vector128<float> a = Vector128.Load((float*)source);
        Vector128<float> b = Vector128.Load((float*)(source + rowBytes));
        Vector128<float> c = Vector128.Load((float*)(source + (2 * rowBytes)));
        Vector128<float> d = Vector128.Load((float*)(source + (3 * rowBytes)));
        Vector128<int> front = Vector128.Create(0, 0, 1, 1), rear = Vector128.Create(2, 2, 3, 3);
        Vector128<float> ac0 = Interleave(a, c, front), ac1 = Interleave(a, c, rear);
        Vector128<float> bd0 = Interleave(b, d, front), bd1 = Interleave(b, d, rear);
        Interleave(ac0, bd0, front).Store(target);
        Interleave(ac0, bd0, rear).Store(target + 16);
        Interleave(ac1, bd1, front).Store(target + 32);
        Interleave(ac1, bd1, rear).Store(target + 48);
    }

    /// <summary>Even lanes from one vector and odd lanes from another, in the order of <paramref
    /// name="lanes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Interleave(Vector128<float> even, Vector128<float> odd, Vector128<int> lanes) =>
        Vector128.ConditionalSelect(
            Vector128.Create(-1, 0, -1, 0).AsSingle(), Vector128.Shuffle(even, lanes), Vector128.Shuffle(odd, lanes));
}
