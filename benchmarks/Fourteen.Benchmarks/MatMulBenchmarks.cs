using BenchmarkDotNet.Attributes;
using Fourteen.Formats;
using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;
using Fourteen.Kernels.Memory;
using Fourteen.Kernels.Tensors;
using Fourteen.Kernels.Workers;

namespace Fourteen.Benchmarks;

/// <summary>
/// One matrix of Qwen3-14B's shape of an attention projection, [5120, 5120], times 1, 8 or 64 tokens. Giga-operations a
/// second are 2 · 5120² · tokens / time; bytes of weights are the packed matrix.
/// </summary>
public class MatMulBenchmarks
{
    private const int Size = 5120;

    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private AlignedBuffer? _bytes;
    private WeightMatrix? _weights;
    private FloatMatrix? _input;
    private FloatMatrix? _output;
    private Activations? _activations;
    private MatMul? _matMul;

    [Params(GgmlType.Q4_0, GgmlType.Q4_1, GgmlType.Q8_0, GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.F16)]
    public GgmlType Type { get; set; }

    [Params(1, 8, 64)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        long bytes = GgmlTypeTraits.Of(Type).RowBytes(Size) * Size;
        _bytes = new AlignedBuffer(bytes, zeroed: true);
        new Random(1).NextBytes(_bytes.Span(0, (int)bytes));
        _weights = WeightMatrix.Load(_pool, Type, _bytes.Address, Size, Size, packed: true);
        _input = new FloatMatrix(Tokens, Size);
        _output = new FloatMatrix(Tokens, Size);
        for (int row = 0; row < Tokens; row++)
            _input.Row(row).Fill(0.5f);
        _activations = new Activations(_pool, Tokens, Size);
        _matMul = new MatMul(_pool, Isa.Selected);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (IDisposable? item in (IDisposable?[])[_matMul, _activations, _input, _output, _weights, _bytes])
            item?.Dispose();
    }

    [Benchmark]
    public void Multiply()
    {
        _activations!.Begin(_input!); // Setup made them all.
        _matMul!.Run(_activations, new Product(_weights!, _output!));
    }
}
