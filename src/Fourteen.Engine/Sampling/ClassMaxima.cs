using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fourteen.Engine.Sampling;

/// <summary>
/// The maxima of a long row by index modulo <see cref="Classes"/>. As the k largest maxima are k logits of the row, the
/// k-th largest maximum is a lower bound of the k-th largest logit, and few logits lie above it: a top-k over a whole
/// vocabulary then looks closely at some dozens. Logits of one class are far apart, so a sorted row is no bad case.
/// </summary>
internal static class ClassMaxima
{
    internal const int Classes = 1024;

    /// <summary>Fills the maxima.</summary>
    /// <param name="row">At least <see cref="Classes"/> logits; no NaN.</param>
    /// <param name="maxima">[<see cref="Classes"/>]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Fill(ReadOnlySpan<float> row, Span<float> maxima)
    {
        row[..Classes].CopyTo(maxima);
        ref float target = ref MemoryMarshal.GetReference(maxima);
        for (row = row[Classes..]; row.Length >= Classes; row = row[Classes..])
        {
            ref float source = ref MemoryMarshal.GetReference(row);
            for (nuint i = 0; i < Classes; i += (nuint)Vector256<float>.Count)
            {
                Vector256.MaxNative(Vector256.LoadUnsafe(ref source, i), Vector256.LoadUnsafe(ref target, i))
                    .StoreUnsafe(ref target, i);
            }
        }

        for (int i = 0; i < row.Length; i++)
            maxima[i] = Math.Max(maxima[i], row[i]);
    }
}
