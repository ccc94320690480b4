using Fourteen.Engine.Benchmarks;
using Fourteen.Engine.Synthetic;
using Fourteen.Formats;
using Fourteen.Kernels.Operators;

namespace Fourteen.Cli.Benchmarks;

/// <summary>How rows are printed.</summary>
internal enum BenchFormat
{
    Table,
    Json,
    Csv,
}

/// <summary>What the user asked <c>fourteen bench</c> for.</summary>
internal sealed record BenchSettings
{
    /// <summary>A model's file or folder; null for the embedded model, or where <see cref="Synthetic"/> is given.
    /// </summary>
    public string? Model { get; init; }

    public SyntheticModel? Synthetic { get; init; }

    /// <summary>Where the synthetic model is written in place of being timed.</summary>
    public string? WritePath { get; init; }

    /// <summary>Tokens of prompts.</summary>
    public required IReadOnlyList<int> Prompts { get; init; }

    /// <summary>New tokens of each sequence.</summary>
    public required IReadOnlyList<int> Generates { get; init; }

    /// <summary>Sequences that generate together.</summary>
    public required IReadOnlyList<int> Batches { get; init; }

    /// <summary>Worker threads.</summary>
    public required IReadOnlyList<int> Threads { get; init; }

    /// <summary>Tokens in the cache before those that are timed.</summary>
    public required IReadOnlyList<int> Depths { get; init; }

    public required int Repetitions { get; init; }

    /// <summary>Whether prompts are timed with logits of every position too.</summary>
    public bool AllLogits { get; init; }

    public KvType KvType { get; init; }

    public BenchFormat Format { get; init; }

    /// <summary>Whether kernels are timed in place of a model.</summary>
    public bool Kernels { get; init; }

    /// <summary>Types whose kernels are timed.</summary>
    public IReadOnlyList<GgmlType> Types { get; init; } = [];

    /// <summary>A program with llama-bench's options that runs beside us.</summary>
    public string? PeerPath { get; init; }

    public IReadOnlyList<string> PeerArguments { get; init; } = [];

    /// <summary>Whether a server is timed by its clients.</summary>
    public bool Serve { get; init; }

    /// <summary>Seconds for which clients try a server's endurance; 0 for not at all.</summary>
    public int SoakSeconds { get; init; }

    /// <summary>Tokens of a prompt that is read beside running streams; 0 for none.</summary>
    public int LongPrompt { get; init; }

    /// <summary>Milliseconds that a stream may wait for a step.</summary>
    public int MaxInterTokenMs { get; init; } = 500;

    /// <summary>What one run of the peer may take.</summary>
    public TimeSpan PeerTimeout { get; init; }

    /// <summary>The tests, each for every number of threads.</summary>
    public IReadOnlyList<BenchmarkTest> Tests => [.. Depths.SelectMany(TestsAt)];

    private IEnumerable<BenchmarkTest> TestsAt(int depth)
    {
        foreach (int prompt in Prompts.Where(prompt => prompt > 0))
        {
            yield return new BenchmarkTest(prompt, 0, 1, depth);
            if (AllLogits)
                yield return new BenchmarkTest(prompt, 0, 1, depth, AllLogits: true);
        }

        foreach (int generate in Generates.Where(generate => generate > 0))
        {
            foreach (int batch in Batches)
                yield return new BenchmarkTest(0, generate, batch, depth);
        }
    }
}
