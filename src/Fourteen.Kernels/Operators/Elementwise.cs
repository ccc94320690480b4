using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>The function that a gated feed-forward block applies to its gate.</summary>
public enum GateActivation
{
    /// <summary>z / (1 + e^−z).</summary>
    Silu,

    /// <summary>0.5 · z · (1 + tanh(√(2/π) · (z + 0.044715 · z³))), the form of GELU that Gemma means.</summary>
    GeluTanh,
}

/// <summary>
/// Operators in which each element stands for itself: residual addition, the gated activation, scaling and soft caps.
/// </summary>
public sealed unsafe class Elementwise(WorkerPool pool, IsaPath isa)
{
    private enum Operator
    {
        Add,
        Silu,
        GeluTanh,
        Scale,
        SoftCap,
    }

    private readonly Job _job = new(isa);

    /// <summary>x += y, row by row.</summary>
    public void Add(FloatMatrix x, FloatMatrix y) => Run(Operator.Add, x, y);

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
                for (int i = isa == IsaPath.Scalar ? 0 : AddVectors(at, pinned, bias.Length); i < bias.Length; i++)
                    at[i] += pinned[i];
            }
        }
    }

    /// <summary>gate = activation(gate) · up.</summary>
    public void Gate(FloatMatrix gate, FloatMatrix up, GateActivation activation) => Run(
        activation switch
        {
            GateActivation.Silu => Operator.Silu,
            GateActivation.GeluTanh => Operator.GeluTanh,
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "There is no such activation."),
        },
        gate, up);

    /// <summary>x *= factor.</summary>
    public void Scale(FloatMatrix x, float factor) => Run(Operator.Scale, x, x, factor);

    /// <summary>x = cap · tanh(x / cap) for a positive cap.</summary>
    public void SoftCap(FloatMatrix x, float cap)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        Run(Operator.SoftCap, x, x, cap);
    }

    private void Run(Operator what, FloatMatrix x, FloatMatrix y, float factor = 0)
    {
        if (x.Columns != y.Columns || x.Rows != y.Rows)
            throw new ArgumentException($"[{x.Rows}, {x.Columns}] and [{y.Rows}, {y.Columns}] differ.", nameof(y));
        _job.X = x;
        _job.Y = y;
        _job.What = what;
        _job.Factor = factor;
        _job.Pieces = (x.Columns + Job.PieceColumns - 1) / Job.PieceColumns;
        pool.Run(_job, x.Rows * _job.Pieces, Math.Max(1, 4 / Math.Max(1, _job.Pieces)));
    }

    private sealed class Job(IsaPath isa) : WorkerJob
    {
        /// <summary>
        /// Columns of an item, a multiple of every vector: a row as long as a vocabulary is shared by the workers.
        /// </summary>
        internal const int PieceColumns = 8192;

        internal FloatMatrix X = null!; // X and Y are set before each run.
        internal FloatMatrix Y = null!;
        internal Operator What;
        internal float Factor;
        internal int Pieces;

        public override void Execute(int start, int end, int worker)
        {
            for (int item = start; item < end; item++)
            {
                int column = item % Pieces * PieceColumns;
                int count = Math.Min(PieceColumns, X.Columns - column);
                float* x = X.Pointer(item / Pieces) + column, y = Y.Pointer(item / Pieces) + column;
                if (What == Operator.SoftCap)
                {
                    HyperbolicTangent.SoftCap(isa, x, count, Factor);
                    continue;
                }

                int i = isa == IsaPath.Scalar ? 0 : Vectors(x, y, count);
                for (; i < count; i++)
                    x[i] = Element(x[i], y[i]);
            }
        }

        private int Vectors(float* x, float* y, int count) => What switch
        {
            Operator.Add => AddVectors(x, y, count),
            Operator.Scale => ScaleVectors(x, Factor, count),
            Operator.Silu => SiluVectors(x, y, count),
            _ => GeluVectors(x, y, count),
        };

        private float Element(float x, float y) => What switch
        {
            Operator.Add => x + y,
            Operator.Scale => x * Factor,
            Operator.Silu => x / (1f + Exponential.Of(-x)) * y,
            _ => Gelu(x) * y,
        };
    }

    private const float GeluFactor = 0.7978845608028654f; // √(2/π)
    private const float GeluCubic = 0.044715f;

    private static float Gelu(float z)
    {
        float inner = GeluFactor * (z + (GeluCubic * (z * z * z)));
        return 0.5f * z * (1f + HyperbolicTangent.Of(inner));
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
    private static int ScaleVectors(float* x, float factor, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
            (Vector256.Load(x + i) * Vector256.Create(factor)).Store(x + i);
        return i;
    }

    /// <inheritdoc cref="AddVectors"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int SiluVectors(float* gate, float* up, int count)
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

    /// <inheritdoc cref="AddVectors"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int GeluVectors(float* gate, float* up, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<float> z = Vector256.Load(gate + i);
            Vector256<float> inner = Vector256.Create(GeluFactor) * (z + (Vector256.Create(GeluCubic) * (z * z * z)));
            Vector256<float> gelu =
                Vector256.Create(0.5f) * z * (Vector256<float>.One + HyperbolicTangent.Of(inner));
            (gelu * Vector256.Load(up + i)).Store(gate + i);
        }

        return i;
    }
}
