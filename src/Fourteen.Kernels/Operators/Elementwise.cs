using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>Operators in which each element stands for itself: residual addition and the gated activation.</summary>
public sealed unsafe class Elementwise(WorkerPool pool, IsaPath isa)
{
    private readonly Job _job = new() { Scalar = isa == IsaPath.Scalar };

    /// <summary>x += y, row by row.</summary>
    public void Add(FloatMatrix x, FloatMatrix y) => Run(x, y, gated: false);

    /// <summary>x += bias in each row; on the calling thread, since a row is short.</summary>
    public void AddBias(FloatMatrix x, ReadOnlySpan<float> bias)
    {
        if (x.Columns != bias.Length)
            throw new ArgumentException($"{x.Columns} columns and {bias.Length} biases differ.", nameof(bias));
        fixed (float* pinned = bias)
        {
            for (int row = 0; row < x.Rows; row++)
            {
                float* at = x.Pointer(row);
                for (int i = _job.Scalar ? 0 : AddVectors(at, pinned, bias.Length); i < bias.Length; i++)
                    at[i] += pinned[i];
            }
        }
    }

    /// <summary>gate = silu(gate) · up, silu(z) = z / (1 + e^−z) with <see cref="Exponential"/>.</summary>
    public void SwiGlu(FloatMatrix gate, FloatMatrix up) => Run(gate, up, gated: true);

    private void Run(FloatMatrix x, FloatMatrix y, bool gated)
    {
        if (x.Columns != y.Columns || x.Rows != y.Rows)
            throw new ArgumentException($"[{x.Rows}, {x.Columns}] and [{y.Rows}, {y.Columns}] differ.", nameof(y));
        _job.X = x;
        _job.Y = y;
        _job.Gated = gated;
        pool.Run(_job, x.Rows, 4);
    }

    private sealed class Job : WorkerJob
    {
        internal FloatMatrix X = null!; // X and Y are set before each run.
        internal FloatMatrix Y = null!;
        internal bool Gated;
        internal bool Scalar;

        public override void Execute(int start, int end, int worker)
        {
            for (int row = start; row < end; row++)
            {
                float* x = X.Pointer(row), y = Y.Pointer(row);
                int i = 0;
                if (!Scalar)
                    i = Gated ? SwiGluVectors(x, y, X.Columns) : AddVectors(x, y, X.Columns);
                for (; i < X.Columns; i++)
                    x[i] = Gated ? x[i] / (1f + Exponential.Of(-x[i])) * y[i] : x[i] + y[i];
            }
        }
    }

    /// <summary>As many elements as fill vectors; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int AddVectors(float* x, float* y, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
            (Vector256.Load(x + i) + Vector256.Load(y + i)).Store(x + i);
        return i;
    }

    /// <inheritdoc cref="AddVectors"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int SwiGluVectors(float* gate, float* up, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<float> g = Vector256.Load(gate + i);
            Vector256<float> silu = g / (Vector256<float>.One + Exponential.Of(-g));
            (silu * Vector256.Load(up + i)).Store(gate + i);
        }

        return i;
    }
}
