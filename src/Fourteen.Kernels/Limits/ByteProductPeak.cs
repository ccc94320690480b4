using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MachineCode;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Limits;

/// <summary>
/// How many multiplications and additions of bytes a path can do: the instructions that its kernels multiply with,
/// fed from registers alone and in enough independent sums to hide their latency. The limit of every product of
/// quantized weights.
/// </summary>
public static class ByteProductPeak
{
    /// <summary>Rounds of a piece of work: some hundred microseconds on the fast paths.</summary>
    private const int Rounds = 100_000;

    private const int ScalarRounds = Rounds / 8;
    private const int PiecesPerWorker = 8;
    private const int Passes = 5;

    /// <summary>Independent sums; more do not fit the sixteen registers of AVX2 beside two operands.</summary>
    private const int Sums = 12;

    /// <summary>10⁹ operations a second of all workers together, a multiplication and an addition counted as two; the
    /// median of some passes.</summary>
    /// <param name="path">One that is supported here.</param>
    public static double Measure(IsaPath path, WorkerPool pool)
    {
        var job = new PeakJob(path);
        job.Execute(0, 1, 0); // Assembles and compiles.
        int pieces = pool.ThreadCount * PiecesPerWorker;
        double[] rates = new double[Passes];
        for (int pass = 0; pass < Passes; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            pool.Run(job, pieces, 1);
            rates[pass] = 2.0 * pieces * job.ProductsPerPiece / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
        }

        return Median.Of(rates);
    }

    private sealed class PeakJob(IsaPath path) : WorkerJob
    {
        private int _sink;

        internal long ProductsPerPiece => path switch
        {
            IsaPath.Avx512Vnni => (long)Rounds * CodePeak.ProductsPerRound,
            IsaPath.Avx512 => (long)Rounds * Sums * 64,
            IsaPath.AvxVnni or IsaPath.Avx2 => (long)Rounds * Sums * 32,
            IsaPath.Vector128 => (long)Rounds * Sums * 16,
            _ => (long)ScalarRounds * Sums,
        };

        public override void Execute(int start, int end, int worker)
        {
            for (int piece = start; piece < end; piece++)
                Volatile.Write(ref _sink, Run());
        }

        private int Run() => path switch
        {
            IsaPath.Avx512Vnni => CodePeak.Run(Rounds),
            IsaPath.Avx512 => Products<Lanes512, V512I, V512F>(Rounds),
            IsaPath.AvxVnni => Products<Lanes256<QuadProducts>, V256I, V256F>(Rounds),
            IsaPath.Avx2 => Products<Lanes256<PairProducts>, V256I, V256F>(Rounds),
            IsaPath.Vector128 => Products<Lanes128, V128I, V128F>(Rounds),
            _ => ScalarProducts(ScalarRounds),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Products<TL, TI, TF>(int rounds)
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
    {
        // Each sum is its own first operand: a product of constants would be computed once for all.
        TI x = TL.Broadcast(rounds);
        TI a = TL.Broadcast(0x01020301), b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        for (int round = 0; round < rounds; round++)
        {
            a = TL.DotAdd(a, a, x);
            b = TL.DotAdd(b, b, x);
            c = TL.DotAdd(c, c, x);
            d = TL.DotAdd(d, d, x);
            e = TL.DotAdd(e, e, x);
            f = TL.DotAdd(f, f, x);
            g = TL.DotAdd(g, g, x);
            h = TL.DotAdd(h, h, x);
            i = TL.DotAdd(i, i, x);
            j = TL.DotAdd(j, j, x);
            k = TL.DotAdd(k, k, x);
            l = TL.DotAdd(l, l, x);
        }

        TI sum = TL.Add(TL.Add(TL.Add(a, b), TL.Add(c, d)), TL.Add(TL.Add(e, f), TL.Add(g, h)));
        sum = TL.Add(sum, TL.Add(TL.Add(i, j), TL.Add(k, l)));
        return Unsafe.As<TI, int>(ref sum);
    }

    /// <summary>The plain loop multiplies one byte at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ScalarProducts(int rounds)
    {
        int weight = rounds, x = rounds + 1;
        int a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0, k = 0, l = 0;
        for (int round = 0; round < rounds; round++)
        {
            a += weight * x;
            b += weight * (x + round);
            c += x * round;
            d += (weight + round) * x;
            e += weight * round;
            f += (weight + 1) * (x + round);
            g += (x + 1) * round;
            h += (weight + round) * (x + 1);
            i += (weight + 2) * round;
            j += (x + 2) * (weight + round);
            k += (weight + 3) * round;
            l += (x + 3) * (weight + round);
        }

        return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l;
    }
}
