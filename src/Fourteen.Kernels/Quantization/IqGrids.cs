using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Quantization;

/// <summary>
/// The grids of the IQ types: groups of 8 (IQ2, IQ1) or 4 (IQ3) magnitudes, as published in ggml's
/// <c>ggml-common.h</c>. The resource <c>iq-grids.bin</c> holds them in the order of the fields below, a little-endian
/// u16 for each entry: lane j is the index of its level at bits 2·j (8 lanes, three levels) or 3·j (4 lanes, eight
/// levels). Here a lane is one signed byte; the memory lives as long as the process.
/// </summary>
internal static unsafe class IqGrids
{
    /// <summary>The shift of IQ1 values, <c>IQ1S_DELTA</c>.</summary>
    internal const float Iq1Delta = 0.125f;

    internal static readonly sbyte* Iq2Xxs; // [256, 8]
    internal static readonly sbyte* Iq2Xs;  // [512, 8]
    internal static readonly sbyte* Iq2S;   // [1024, 8]
    internal static readonly sbyte* Iq1S;   // [2048, 8]
    internal static readonly sbyte* Iq3Xxs; // [256, 4]
    internal static readonly sbyte* Iq3S;   // [512, 4]

    static IqGrids()
    {
        using Stream packed = typeof(IqGrids).Assembly.GetManifestResourceStream("iq-grids.bin")
            ?? throw new InvalidOperationException("The resource iq-grids.bin is missing from the assembly.");
        ReadOnlySpan<sbyte> iq2 = [8, 25, 43];
        Iq2Xxs = Unpack(packed, 256, 8, iq2);
        Iq2Xs = Unpack(packed, 512, 8, iq2);
        Iq2S = Unpack(packed, 1024, 8, iq2);
        Iq1S = Unpack(packed, 2048, 8, [-1, 0, 1]);
        Iq3Xxs = Unpack(packed, 256, 4, [4, 12, 20, 28, 36, 44, 52, 62]);
        Iq3S = Unpack(packed, 512, 4, [1, 3, 5, 7, 9, 11, 13, 15]);
    }

    /// <summary>The signs of eight lanes from the low seven bits: the eighth makes the number of minus signs even.
    /// </summary>
    internal static uint Signs(uint bits)
    {
        uint seven = bits & 127;
        return seven | (uint)(BitOperations.PopCount(seven) & 1) << 7;
    }

    /// <summary>Lane j becomes scale · grid · sign; bit j of <paramref name="signs"/> set means minus.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Write(float* target, sbyte* grid, int lanes, float scale, uint signs)
    {
        for (int j = 0; j < lanes; j++)
            target[j] = scale * grid[j] * ((signs >> j & 1) != 0 ? -1f : 1f);
    }

    /// <summary>Eight lanes of IQ1: scale · (grid + delta).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WriteShifted(float* target, sbyte* grid, float scale, float delta)
    {
        for (int j = 0; j < 8; j++)
            target[j] = scale * (grid[j] + delta);
    }

    private static sbyte* Unpack(Stream packed, int entries, int lanes, ReadOnlySpan<sbyte> levels)
    {
        var grid = (sbyte*)NativeMemory.AlignedAlloc((nuint)(entries * lanes), 64);
        int bits = lanes == 8 ? 2 : 3;
        Span<byte> word = stackalloc byte[2];
        for (int entry = 0; entry < entries; entry++)
        {
            packed.ReadExactly(word);
            int value = word[0] | word[1] << 8;
            for (int j = 0; j < lanes; j++)
                grid[entry * lanes + j] = levels[(value >> (bits * j)) & ((1 << bits) - 1)];
        }

        return grid;
    }
}
