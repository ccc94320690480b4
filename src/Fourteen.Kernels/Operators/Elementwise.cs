using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>The function of a gated feed-forward layer.</summary>
public enum GateActivation
{
    /// <summary>silu(z) = z / (1 + e^−z): SwiGLU.</summary>
    Silu,

    /// <summary>
    /// gelu(z) = z/2 · (1 + tanh(√(2/π) · (z + 0.044715·z³))), transformers' <c>gelu_pytorch_tanh</c>: GeGLU.
    /// </summary>
    GeluTanh,
}

/// <summary>
/// Operators in which each element stands for itself: residual addition, scaling, soft cap and the gated activation.
/// Used by the engine thread alone.
/// </summary>
public sealed unsafe class Elementwise(WorkerPool pool, IsaPath isa)
{
    private readonly Job _job = new() { Scalar = isa == IsaPath.Scalar };

    private enum Operation
    {
        Add,
        Scale,
        SoftCap,
        SiluGate,
        GeluTanhGate,
    }

    /// <summary>x += y, row by row.</summary>
    public void Add(FloatMatrix x, FloatMatrix y) => Run(Operation.Add, x, y, 0);

    /// <summary>x += bias in each row; on the calling thread, since a row is short.</summary>
    public void AddBias(FloatMatrix x, ReadOnlySpan<float> bias)
    {
        if (x.Columns != bias.Length)
            throw new ArgumentException($"{x.Columns} columns and {bias.Length} biases differ.", nameof(bias));
        fixed (float* pinned = bias)
        {
            for (int row = 0; row < x.Rows; row++)
                Apply<AddOperation>(x.Pointer(row), pinned, 0, bias.Length, _job.Scalar);
        }
    }

    /// <summary>x *= factor in all rows.</summary>
    public void Scale(FloatMatrix x, float factor) => Run(Operation.Scale, x, x, factor);

    /// <summary>
    /// x = cap · tanh(x / cap) in all rows, with <see cref="HyperbolicTangent"/>; <paramref name="cap"/> is positive.
    /// </summary>
    public void SoftCap(FloatMatrix x, float cap)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        Run(Operation.SoftCap, x, x, cap);
    }

    /// <summary>gate = activation(gate) · up, with <see cref="Exponential"/> or <see cref="HyperbolicTangent"/>.
    /// </summary>
    public void Gate(FloatMatrix gate, FloatMatrix up, GateActivation activation) => Run(
        activation switch
        {
            GateActivation.Silu => Operation.SiluGate,
            GateActivation.GeluTanh => Operation.GeluTanhGate,
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "There is no such activation."),
        },
        gate, up, 0);

    private void Run(Operation operation, FloatMatrix x, FloatMatrix y, float factor)
    {
        if (x.Columns != y.Columns || x.Rows != y.Rows)
            throw new ArgumentException($"[{x.Rows}, {x.Columns}] and [{y.Rows}, {y.Columns}] differ.", nameof(y));
        _job.Operation = operation;
        _job.X = x;
        _job.Y = y;
        _job.Factor = factor;
        _job.Pieces = (x.Columns + Job.PieceColumns - 1) / Job.PieceColumns;
        pool.Run(_job, x.Rows * _job.Pieces, Math.Max(1, 4 / Math.Max(1, _job.Pieces)));
    }

    /// <summary>x = operation(x, y, factor) over <paramref name="count"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TO>(float* x, float* y, float factor, int count, bool scalar)
        where TO : struct, IElementOperation
    {
        int i = 0;
        if (!scalar)
        {
            Vector256<float> factors = Vector256.Create(factor);
            for (; i + 8 <= count; i += 8)
                TO.Of(Vector256.Load(x + i), Vector256.Load(y + i), factors).Store(x + i);
        }

        for (; i < count; i++)
            x[i] = TO.Of(x[i], y[i], factor);
    }

    private sealed class Job : WorkerJob
    {
        /// <summary>Columns of an item: a row as long as a vocabulary is shared by the workers.</summary>
        internal const int PieceColumns = 8192;

        internal Operation Operation;
        internal FloatMatrix X = null!; // X and Y are set before each run.
        internal FloatMatrix Y = null!;
        internal float Factor;
        internal int Pieces;
        internal bool Scalar;

        public override void Execute(int start, int end, int worker)
        {
            for (int item = start; item < end; item++)
            {
                int row = item / Pieces;
                int column = item % Pieces * PieceColumns;
                Apply(X.Pointer(row) + column, Y.Pointer(row) + column, Math.Min(PieceColumns, X.Columns - column));
            }
        }

        private void Apply(float* x, float* y, int count)
        {
            switch (Operation)
            {
                case Operation.Add:
                    Apply<AddOperation>(x, y, Factor, count, Scalar);
                    break;
                case Operation.Scale:
                    Apply<ScaleOperation>(x, y, Factor, count, Scalar);
                    break;
                case Operation.SoftCap:
                    Apply<SoftCapOperation>(x, y, Factor, count, Scalar);
                    break;
                case Operation.SiluGate:
                    Apply<SiluGateOperation>(x, y, Factor, count, Scalar);
                    break;
                default:
                    Apply<GeluTanhGateOperation>(x, y, Factor, count, Scalar);
                    break;
            }
        }
    }
}
