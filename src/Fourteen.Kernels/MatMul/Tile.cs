using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MachineCode;

namespace Fourteen.Kernels.MatMul;

/// <summary>How many tokens a tile computes at once: a constant for the compiler.</summary>
internal interface ITokenCount
{
    static abstract int Count { get; }
}

internal readonly struct OneToken : ITokenCount
{
    public static int Count => 1;
}

internal readonly struct TwoTokens : ITokenCount
{
    public static int Count => 2;
}

internal readonly struct FourTokens : ITokenCount
{
    public static int Count => 4;
}

/// <summary>
/// A weight type's product of one group of 16 packed rows with quantized activations. <c>Compute</c> is the one body
/// for all vector widths and token counts; <c>Scalar</c> defines its answer to the bit.
/// </summary>
internal unsafe interface ITile
{
    /// <summary>
    /// Rows <c>vector · lanes</c> … of the group times tokens <paramref name="token"/> … : writes one vector a token at
    /// <paramref name="output"/> + token · stride + first row.
    /// </summary>
    static abstract void Compute<TL, TI, TF, TN>(
        byte* group, int vector, int blocks, in ActivationRows x, int token, float* output, nint stride)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount;

    /// <summary>One row of the group times one token.</summary>
    static abstract float Scalar(byte* group, int row, int blocks, in ActivationRows x, int token);
}

/// <summary>A group of 16 rows times all tokens of a step, as a function pointer of <see cref="TilePath"/>.</summary>
internal static unsafe class Tile
{
    /// <summary>Rows of weights that a packed group interleaves: a 512-bit vector of 32-bit lanes.</summary>
    internal const int Rows = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run<TTile, TL, TI, TF>(
        byte* group, int blocks, ActivationRows* x, int tokens, float* output, nint stride)
        where TTile : struct, ITile
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        int token = 0;
        for (; token + 4 <= tokens; token += 4)
        {
            for (int vector = 0; vector < Rows / TL.Count; vector++)
                TTile.Compute<TL, TI, TF, FourTokens>(group, vector, blocks, in *x, token, output, stride);
        }

        if (token + 2 <= tokens)
        {
            for (int vector = 0; vector < Rows / TL.Count; vector++)
                TTile.Compute<TL, TI, TF, TwoTokens>(group, vector, blocks, in *x, token, output, stride);
            token += 2;
        }

        if (token < tokens)
        {
            for (int vector = 0; vector < Rows / TL.Count; vector++)
                TTile.Compute<TL, TI, TF, OneToken>(group, vector, blocks, in *x, token, output, stride);
        }
    }

    /// <summary>Writes one vector a token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store<TL, TI, TF, TN>(float* target, nint stride, TF value0, TF value1, TF value2, TF value3)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TN : struct, ITokenCount
    {
        TL.Store(target, value0);
        if (TN.Count > 1)
            TL.Store(target + stride, value1);
        if (TN.Count > 2)
        {
            TL.Store(target + (2 * stride), value2);
            TL.Store(target + (3 * stride), value3);
        }
    }

    internal static void RunScalar<TTile>(
        byte* group, int blocks, ActivationRows* x, int tokens, float* output, nint stride)
        where TTile : struct, ITile
    {
        for (int token = 0; token < tokens; token++)
        {
            for (int row = 0; row < Rows; row++)
                output[(token * stride) + row] = TTile.Scalar(group, row, blocks, in *x, token);
        }
    }
}

/// <summary>Packed groups of 16 rows, one behind the other.</summary>
internal readonly unsafe struct GroupRange(byte* address, int count, nint groupBytes, int blocks, int blockBytes)
{
    /// <summary>The first group.</summary>
    internal byte* Address => address;

    internal int Count => count;

    /// <summary>From one group to the next.</summary>
    internal nint GroupBytes => groupBytes;

    /// <summary>Blocks of a row that are meant.</summary>
    internal int Blocks => blocks;

    /// <summary>Bytes of a block of 16 rows.</summary>
    internal int BlockBytes => blockBytes;

    /// <summary>Some blocks of one group.</summary>
    internal GroupRange Slice(int group, int firstBlock, int some) =>
        new(address + (group * groupBytes) + ((nint)firstBlock * blockBytes), 1, groupBytes, some, blockBytes);
}

/// <summary>One way to compute a tile: an instruction set, and a function or machine code.</summary>
internal readonly unsafe struct TilePath
{
    private readonly delegate*<byte*, int, ActivationRows*, int, float*, nint, void> _function;
    private readonly TileCode? _code;

    internal TilePath(IsaPath isa, delegate*<byte*, int, ActivationRows*, int, float*, nint, void> function)
    {
        Isa = isa;
        _function = function;
    }

    internal TilePath(IsaPath isa, TileCode code)
    {
        Isa = isa;
        _code = code;
    }

    internal IsaPath Isa { get; }

    /// <summary>Whether it is a path at all, and not the default of this type.</summary>
    internal bool Exists => _function is not null || _code is not null;

    /// <summary>
    /// Groups of 16 rows, one behind the other, times all tokens of <paramref name="x"/>; the stride is in floats.
    /// </summary>
    internal void Run(in GroupRange groups, ActivationRows* x, int tokens, float* output, nint stride)
    {
        if (_code is not null)
        {
            _code.Run(in groups, in *x, tokens, output, stride);
            return;
        }

        for (int group = 0; group < groups.Count; group++)
        {
            byte* address = groups.Address + (group * groups.GroupBytes);
            _function(address, groups.Blocks, x, tokens, output + (group * Tile.Rows), stride);
        }
    }

    /// <summary>The paths of a tile, best first, the scalar twin last.</summary>
    internal static TilePath[] Of<TTile>(TileCode code)
        where TTile : struct, ITile =>
    [
        new(IsaPath.Avx512Vnni, code),
        new(IsaPath.AvxVnni, &Tile.Run<TTile, Lanes256<QuadProducts>, V256I, V256F>),
        new(IsaPath.Avx2, &Tile.Run<TTile, Lanes256<PairProducts>, V256I, V256F>),
        new(IsaPath.Avx512, &Tile.Run<TTile, Lanes512, V512I, V512F>),
        new(IsaPath.Vector128, &Tile.Run<TTile, Lanes128, V128I, V128F>),
        new(IsaPath.Scalar, &Tile.RunScalar<TTile>),
    ];
}
