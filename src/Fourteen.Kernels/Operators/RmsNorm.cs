using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// RMS norm: y_i = (x_i · s) · w_i with s = 1 / √(Σ x² / n + ε). The squares are summed in eight chains, element i in
/// chain i mod 8, and the chains as ((0+4)+(2+6))+((1+5)+(3+7)). Division and square root are IEEE's, rounded
/// correctly.
/// </summary>
public sealed unsafe class RmsNorm(WorkerPool pool, IsaPath isa)
{
    private readonly Job _job = new() { Scalar = isa == IsaPath.Scalar };

    /// <summary>
    /// Normalizes each run of <paramref name="weight"/>'s length in each row of <paramref name="x"/>: a whole row, or
    /// one head of several. <paramref name="y"/> may be <paramref name="x"/>.
    /// </summary>
    public void Run(FloatMatrix x, ReadOnlySpan<float> weight, float epsilon, FloatMatrix y)
    {
        if (x.Columns % weight.Length != 0 || x.Columns != y.Columns)
            throw new ArgumentException($"{x.Columns} columns are no whole number of {weight.Length}.", nameof(weight));
        y.Rows = x.Rows;
        fixed (float* pinned = weight)
        {
            _job.X = x;
            _job.Y = y;
            _job.Weight = pinned;
            _job.Length = weight.Length;
            _job.Epsilon = epsilon;
            pool.Run(_job, x.Rows, 4);
        }
    }

    private sealed class Job : WorkerJob
    {
        internal FloatMatrix X = null!; // X, Y and Weight are set before each run.
        internal FloatMatrix Y = null!;
        internal float* Weight;
        internal int Length;
        internal float Epsilon;
        internal bool Scalar;

        public override void Execute(int start, int end, int worker)
        {
            for (int row = start; row < end; row++)
            {
                float* x = X.Pointer(row), y = Y.Pointer(row);
                for (int at = 0; at < X.Columns; at += Length)
                {
                    float sum = Scalar ? SquaresScalar(x + at, Length) : Squares(x + at, Length);
                    float scale = 1f / MathF.Sqrt((sum / Length) + Epsilon);
                    Apply(x + at, scale, Weight, Length, y + at);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Squares(float* x, int length)
    {
        Vector256<float> chains = Vector256<float>.Zero;
        int i = 0;
        for (; i + 8 <= length; i += 8)
        {
            Vector256<float> v = Vector256.Load(x + i);
            chains = Vector256.FusedMultiplyAdd(v, v, chains);
        }

        float* c = stackalloc float[8];
        chains.Store(c);
        for (; i < length; i++)
            c[i & 7] = MathF.FusedMultiplyAdd(x[i], x[i], c[i & 7]);
        return Fold(c);
    }

    private static float SquaresScalar(float* x, int length)
    {
        float* c = stackalloc float[8];
        for (int i = 0; i < length; i++)
            c[i & 7] = MathF.FusedMultiplyAdd(x[i], x[i], c[i & 7]);
        return Fold(c);
    }

    /// <summary>Adds eight chains.</summary>
    internal static float Fold(float* c) => ((c[0] + c[4]) + (c[2] + c[6])) + ((c[1] + c[5]) + (c[3] + c[7]));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply(float* x, float scale, float* weight, int length, float* y)
    {
        Vector256<float> s = Vector256.Create(scale);
        int i = 0;
        for (; i + 8 <= length; i += 8)
            (Vector256.Load(x + i) * s * Vector256.Load(weight + i)).Store(y + i);
        for (; i < length; i++)
            y[i] = x[i] * scale * weight[i];
    }
}
