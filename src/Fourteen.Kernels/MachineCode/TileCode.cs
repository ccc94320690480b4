using Fourteen.Kernels.MatMul;

namespace Fourteen.Kernels.MachineCode;

/// <summary>Which sums of the activations a type multiplies with, see <see cref="ActivationRows"/>.</summary>
internal enum ActivationSums
{
    /// <summary>Σ of a block of 32.</summary>
    Block,

    /// <summary>scale · Σ of a block of 32.</summary>
    ScaledBlock,

    /// <summary>Σ of 32 columns in a block of 256.</summary>
    Of32,

    /// <summary>Σ of 16 columns in a block of 256.</summary>
    Of16,
}

/// <summary>
/// The machine code of one weight type: a function for each number of tokens, assembled when it is first
/// used. Any thread may call it.
/// </summary>
internal sealed unsafe class TileCode
{
    private readonly Lazy<nint>[] _functions;
    private readonly ActivationSums _sums;

    internal TileCode(ActivationSums sums, Func<TileAssembler, byte[]> assemble)
    {
        _sums = sums;
        Lazy<nint> Function(int tokens) => new(() =>
            ExecutableMemory.Publish(assemble(new TileAssembler(tokens))) is not 0 and var address
                ? address
                : throw new PlatformNotSupportedException(
                    $"The system has refused memory for machine code; set {Lanes.Isa.Variable}=avx512 or avx2."));
        _functions = [.. Enumerable.Range(1, TileAssembler.TokensMax).Select(Function)];
    }

    /// <summary>As <see cref="TilePath.Run"/>.</summary>
    internal void Run(byte* group, int blocks, in ActivationRows x, int tokens, float* output, nint stride)
    {
        int tiles = (tokens + TileAssembler.TokensMax - 1) / TileAssembler.TokensMax;
        var arguments = new TileArguments
        {
            Group = group,
            Blocks = blocks,
            QuantStride = x.QuantStride,
            ScaleStride = x.BlockStride * sizeof(float),
            SumStride = SumStrideOf(in x),
            OutputStride = stride * sizeof(float),
        };
        for (int tile = 0, token = 0; tile < tiles; tile++)
        {
            // Tiles of almost the same size: nine tokens are five and four, not eight and one.
            int count = (tokens - token + tiles - tile - 1) / (tiles - tile);
            arguments.Quants = x.Quants + (token * x.QuantStride);
            arguments.Scales = x.Scales + (token * x.BlockStride);
            arguments.Sums = (byte*)SumsOf(in x) + (token * arguments.SumStride);
            arguments.Output = output + (token * stride);
            ((delegate* unmanaged<TileArguments*, void>)_functions[count - 1].Value)(&arguments);
            token += count;
        }
    }

    private void* SumsOf(in ActivationRows x) => _sums switch
    {
        ActivationSums.Block => x.Sums,
        ActivationSums.ScaledBlock => x.ScaledSums,
        ActivationSums.Of32 => x.Sums32,
        _ => x.Sums16,
    };

    private nint SumStrideOf(in ActivationRows x) => _sums switch
    {
        ActivationSums.Of32 => x.QuantStride / 32 * sizeof(short),
        ActivationSums.Of16 => x.QuantStride / 16 * sizeof(short),
        _ => x.BlockStride * sizeof(float),
    };
}
