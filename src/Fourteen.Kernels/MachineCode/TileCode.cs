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
    /// <summary>Quants of the tokens that pass all groups before others do: half of a second cache of 1 MiB.</summary>
    private const int QuantBytesMax = 512 << 10;

    /// <summary>Columns of a slice, so that a block of tokens is large enough also where rows are long.</summary>
    private const int SliceColumnsMax = 8192;

    private const int SharesMax = 8;

    private readonly Lazy<nint>[] _functions; // [tokens, shares]
    private readonly ActivationSums _sums;

    internal TileCode(ActivationSums sums, Func<TileAssembler, byte[]> assemble)
    {
        _sums = sums;
        Lazy<nint> Function(int index) => new(() =>
        {
            var tile = new TileAssembler((index / SharesMax) + 1, (index % SharesMax) + 1);
            return ExecutableMemory.Publish(assemble(tile)) is not 0 and var address
                ? address
                : throw new PlatformNotSupportedException(
                    $"The system has refused memory for machine code; set {Lanes.Isa.Variable}=avx512 or avx2.");
        });
        _functions = [.. Enumerable.Range(0, TileAssembler.TokensMax * SharesMax).Select(Function)];
    }

    /// <summary>
    /// As <see cref="TilePath.Run"/>. Columns are taken in slices and tokens in blocks, so that the quants of a block
    /// stay in the second cache while all groups pass, each of which the tiles of the one before it have fetched. The
    /// totals wait in the output meanwhile, so no sum changes its order.
    /// </summary>
    internal void Run(in GroupRange groups, in ActivationRows x, int tokens, float* output, nint stride)
    {
        for (int token = 0; token < tokens; token++)
            new Span<float>(output + (token * stride), groups.Count * Tile.Rows).Clear();
        int columns = BlockColumns;
        int slices = ((groups.Blocks * columns) + SliceColumnsMax - 1) / SliceColumnsMax;
        for (int slice = 0, start = 0; slice < slices; slice++)
        {
            // A slice is a whole number of the 256 columns whose sum is one term of the total.
            int terms = ((groups.Blocks - start) * columns / 256 / (slices - slice)) + 1;
            int blocks = Math.Min(groups.Blocks - start, terms * 256 / columns);
            int some = Math.Max(1, QuantBytesMax / (blocks * columns) / TileAssembler.TokensMax)
                * TileAssembler.TokensMax;
            for (int token = 0; token < tokens; token += some)
            {
                int count = Math.Min(some, tokens - token);
                ActivationRows rows = x.From(token);
                for (int group = 0; group < groups.Count; group++)
                {
                    float* target = output + (token * stride) + (group * Tile.Rows);
                    RunTiles(groups.Slice(group, start, blocks), start, in rows, count, target, stride);
                }
            }

            start += blocks;
        }
    }

    private int BlockColumns => _sums is ActivationSums.Block or ActivationSums.ScaledBlock ? 32 : 256;

    /// <summary>Some blocks of one group times some tokens, whose rows begin with the first block of all.</summary>
    private void RunTiles(
        in GroupRange group, int firstBlock, in ActivationRows x, int tokens, float* output, nint stride)
    {
        int tiles = (tokens + TileAssembler.TokensMax - 1) / TileAssembler.TokensMax;
        int shares = Math.Min(tiles, SharesMax);
        int shareBytes = TileAssembler.ShareBytes(group.BlockBytes, shares) * group.Blocks;
        var arguments = new TileArguments
        {
            Group = group.Address,
            Blocks = group.Blocks,
            QuantStride = x.QuantStride,
            ScaleStride = x.BlockStride * sizeof(float),
            SumStride = x.BlockStride * BlockSumBytes,
            OutputStride = stride * sizeof(float),
            Prefetch = group.Address + group.GroupBytes,
        };
        for (int tile = 0, token = 0; tile < tiles; tile++)
        {
            // Tiles of almost the same size: nine tokens are five and four, not eight and one.
            int count = (tokens - token + tiles - tile - 1) / (tiles - tile);
            arguments.Quants = x.Quants + (token * x.QuantStride) + ((nint)firstBlock * BlockColumns);
            arguments.Scales = x.Scales + (token * x.BlockStride) + firstBlock;
            arguments.Sums = (byte*)SumsOf(in x) + (token * arguments.SumStride) + ((nint)firstBlock * BlockSumBytes);
            arguments.Output = output + (token * stride);
            int function = ((count - 1) * SharesMax) + shares - 1;
            ((delegate* unmanaged<TileArguments*, void>)_functions[function].Value)(&arguments);
            token += count;
            arguments.Prefetch += shareBytes;
        }
    }

    private int BlockSumBytes => _sums switch
    {
        ActivationSums.Of32 => 8 * sizeof(short),
        ActivationSums.Of16 => 16 * sizeof(short),
        _ => sizeof(float),
    };

    private void* SumsOf(in ActivationRows x) => _sums switch
    {
        ActivationSums.Block => x.Sums,
        ActivationSums.ScaledBlock => x.ScaledSums,
        ActivationSums.Of32 => x.Sums32,
        _ => x.Sums16,
    };
}
