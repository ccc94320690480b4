using System.Diagnostics;
using Fourteen.Engine.Synthetic;
using Fourteen.Formats;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Limits;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Engine.Benchmarks;

/// <summary>How fast one path multiplies one type of weights.</summary>
/// <param name="IsInteger">Whether products are of bytes; else of floats, into which the weights are widened.</param>
/// <param name="GigabytesPerSecond">Weights read with one token, from memory that no cache holds.</param>
/// <param name="Rates">10⁹ operations a second for each of <see cref="KernelBenchmark.TokenCounts"/>, from a cache.
/// </param>
public sealed record KernelRate(
    GgmlType Type, IsaPath Path, bool IsInteger, double GigabytesPerSecond, IReadOnlyList<double> Rates);

/// <summary>
/// Times products of random weights with few and with many tokens, paths in turn, by medians. Activations are quantized
/// before and not timed. For one thread.
/// </summary>
public static class KernelBenchmark
{
    /// <summary>Tokens of the products that computing, not memory, limits.</summary>
    public static IReadOnlyList<int> TokenCounts { get; } = [8, 64];

    private const int Columns = 5120; // of Qwen3-14B

    /// <summary>Far more than the caches of a core hold.</summary>
    private const long LargeBytes = 128L << 20;

    /// <summary>A cache holds them whatever the type.</summary>
    private const int SmallRows = 512;

    private const int Passes = 5;

    /// <summary>A sample lasts this long at least, so that a start of the workers is nothing beside it.</summary>
    private static readonly TimeSpan SampleTime = TimeSpan.FromMilliseconds(2);

    /// <summary>What slow paths get for all samples of a number.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(150);

    /// <summary>Rates of a type on some paths, in their order.</summary>
    /// <param name="progress">Called between samples.</param>
    public static IReadOnlyList<KernelRate> Measure(
        GgmlType type, IReadOnlyList<IsaPath> paths, WorkerPool pool, Action progress, CancellationToken cancellation)
    {
        int largeRows = (int)(LargeBytes / GgmlTypeTraits.Of(type).RowBytes(Columns) / FloatMatrix.Group)
            * FloatMatrix.Group;
        using var large = new Case(pool, type, largeRows, 1);
        using var small = new Case(pool, type, SmallRows, TokenCounts[^1]);
        MatMul[] products = [.. paths.Select(path => new MatMul(pool, path))];
        try
        {
            Timing[][] timings = [.. products.Select(product => Start(product, large, small))];
            for (int pass = 0; pass < Passes; pass++)
            {
                foreach (Timing timing in timings.SelectMany(row => row))
                {
                    cancellation.ThrowIfCancellationRequested();
                    timing.Sample();
                    progress();
                }
            }

            bool isInteger = large.IsPacked && type is not (GgmlType.F32 or GgmlType.F16 or GgmlType.BF16);
            return
            [
                .. paths.Zip(timings, (path, row) => new KernelRate(
                    type, path, isInteger, large.Bytes / row[0].Seconds / 1e9,
                    [.. row[1..].Select(timing => timing.Rate)])),
            ];
        }
        finally
        {
            Array.ForEach(products, product => product.Dispose());
        }
    }

    /// <summary>The numbers of a path: first the one at one token, then those of <see cref="TokenCounts"/>.</summary>
    private static Timing[] Start(MatMul product, Case large, Case small)
    {
        small.Run(product, 1); // Compiles.
        return [new Timing(product, large, 1), .. TokenCounts.Select(tokens => new Timing(product, small, tokens))];
    }

    /// <summary>A matrix with an input of some tokens.</summary>
    private sealed class Case : IDisposable
    {
        private readonly AlignedBuffer _bytes;
        private readonly WeightMatrix _weights;
        private readonly FloatMatrix _input;
        private readonly FloatMatrix _output;
        private readonly Activations _activations;
        private int _begun;

        internal Case(WorkerPool pool, GgmlType type, int rows, int tokensMax)
        {
            RandomBlocks random = RandomBlocks.Of(type, 1 / Math.Sqrt(Columns));
            long bytes = GgmlTypeTraits.Of(type).RowBytes(Columns) * rows;
            _bytes = new AlignedBuffer(bytes, zeroed: false);
            Parallel.For(0, (bytes + random.PieceBytes - 1) / random.PieceBytes, piece =>
            {
                long start = piece * random.PieceBytes;
                random.Fill(1, piece, _bytes.Span(start, (int)Math.Min(random.PieceBytes, bytes - start)));
            });
            _weights = WeightMatrix.Load(pool, type, _bytes.Address, rows, Columns, packed: true);
            _input = new FloatMatrix(tokensMax, Columns);
            _output = new FloatMatrix(tokensMax, rows);
            _activations = new Activations(pool, tokensMax, Columns);
            var numbers = new Random(1);
            for (int row = 0; row < tokensMax; row++)
            {
                foreach (ref float value in _input.Row(row))
                    value = numbers.NextSingle() - 0.5f;
            }

            Products = (long)rows * Columns;
            Bytes = IsPacked ? _weights.PackedBytes : bytes;
        }

        /// <summary>Bytes that a product reads.</summary>
        internal long Bytes { get; }

        /// <summary>Multiplications and additions for each token.</summary>
        internal long Products { get; }

        internal bool IsPacked => _weights.PackedBytes > 0;

        internal void Run(MatMul product, int tokens)
        {
            if (_begun != tokens)
            {
                _input.Rows = tokens;
                _activations.Begin(_input);
                _begun = tokens;
                product.Run(_activations, new Product(_weights, _output)); // Quantizes the input.
            }

            product.Run(_activations, new Product(_weights, _output));
        }

        public void Dispose()
        {
            foreach (IDisposable part in (IDisposable[])[_activations, _output, _input, _weights, _bytes])
                part.Dispose();
        }
    }

    /// <summary>The samples of one number.</summary>
    private sealed class Timing(MatMul product, Case subject, int tokens)
    {
        private readonly List<double> _seconds = [];
        private TimeSpan _spent;
        private int _runs = 1;

        internal double Seconds => Median.Of(_seconds);

        internal double Rate => 2.0 * subject.Products * tokens / Seconds / 1e9;

        internal void Sample()
        {
            if (_seconds.Count > 0 && _spent > Patience)
                return;
            subject.Run(product, tokens);
            while (true)
            {
                long start = Stopwatch.GetTimestamp();
                for (int run = 0; run < _runs; run++)
                    subject.Run(product, tokens);
                TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
                _spent += elapsed;
                if (elapsed >= SampleTime)
                {
                    _seconds.Add(elapsed.TotalSeconds / _runs);
                    return;
                }

                _runs *= 2;
            }
        }
    }
}
