using System.Diagnostics;
using System.Globalization;
using Fourteen.Engine;
using Fourteen.Engine.ChatTemplates;
using Fourteen.Engine.Constraints;
using Xunit;

namespace Fourteen.Testing;

/// <summary>What reading one input may allocate: <c>Fixed + PerByte · the input's bytes</c>.</summary>
public readonly record struct FuzzMemory(long Fixed, long PerByte);

/// <summary>
/// Reads broken inputs one after the other and demands of each: a result or one of our exceptions with a message fit to
/// be shown, memory in proportion, an end, and a small stack. Input i is made from the seed + i alone, so that a
/// failure is repeated by <c>FOURTEEN_FUZZ_SEED</c> = that number and <c>FOURTEEN_FUZZ_INPUTS</c> = 1.
/// </summary>
public static class FuzzRun
{
    private const int FailuresShown = 5;
    private const int MessageCharsMax = 2000;

    /// <summary>A third of a thread's usual stack on Linux.</summary>
    private const int StackBytes = 512 << 10;

    /// <summary>An input that takes so long is taken for one that never ends: usual ones take under a millisecond, and
    /// the slowest, a template at its limit of steps, a second.</summary>
    private static readonly TimeSpan HangAfter = TimeSpan.FromSeconds(60);

    /// <summary>Runs over <see cref="Fuzz.Inputs"/> inputs of bytes.</summary>
    /// <inheritdoc cref="Over{T}"/>
    public static void OverBytes(string kind, FuzzMemory memory, Func<Random, byte[]> make, Action<byte[]> read) =>
        Over(kind, memory, make, input => input.Length, read);

    /// <summary>Runs over <see cref="Fuzz.Inputs"/> inputs and fails with the first that break a rule.</summary>
    /// <param name="kind">What is read, for messages.</param>
    /// <param name="memory">What reading one may allocate.</param>
    /// <param name="make">Makes an input; the same for the same random numbers.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="read">Reads it, and uses the result as far as it goes.</param>
    public static void Over<T>(
        string kind, FuzzMemory memory, Func<Random, T> make, Func<T, long> bytes, Action<T> read)
    {
        var state = new State(kind, Fuzz.Inputs, Fuzz.Seed);
        var thread = new Thread(() => Loop(state, memory, make, bytes, read), StackBytes) { IsBackground = true };
        long begin = Stopwatch.GetTimestamp();
        thread.Start();
        while (!thread.Join(TimeSpan.FromMilliseconds(250)))
        {
            TimeSpan time = Stopwatch.GetElapsedTime(Interlocked.Read(ref state.Started));
            if (time > HangAfter)
                Assert.Fail($"{kind}, seed {state.Seed}: no end after {HangAfter.TotalSeconds} s");
        }

        string counts = string.Create(
            CultureInfo.InvariantCulture,
            $"{kind}: {state.Inputs} inputs, {state.Accepted} gave a result, "
            + $"{Stopwatch.GetElapsedTime(begin).TotalSeconds:F1} s, at most {state.AllocatedMost} bytes");
        TestContext.Current.TestOutputHelper?.WriteLine(counts);
        Assert.True(state.Failures.Count == 0, $"{counts}\n{string.Join('\n', state.Failures)}");
        // Were nearly all inputs broken or nearly none, most of the reader would not have been tested.
        bool mixed = state.Accepted > state.Inputs / 50 && state.Inputs - state.Accepted > state.Inputs / 50;
        Assert.True(mixed || state.Inputs < 1000, counts);
    }

    private static void Loop<T>(
        State state, FuzzMemory memory, Func<Random, T> make, Func<T, long> bytes, Action<T> read)
    {
        // The tables of the program itself are made by whoever is first, and are not the input's.
        Record.Exception(() => read(make(new Random(state.Seed))));
        int first = state.Seed;
        for (int i = 0; i < state.Inputs && state.Failures.Count < FailuresShown; i++)
        {
            state.Seed = first + i;
            T input = make(new Random(state.Seed));
            Interlocked.Exchange(ref state.Started, Stopwatch.GetTimestamp());
            (Exception? fault, long allocated) = Measure(read, input);
            long most = memory.Fixed + (memory.PerByte * bytes(input));
            // A message or a stack trace that is the first of its kind fills tables of the program too.
            if (allocated > most)
                (fault, allocated) = Measure(read, input);
            state.AllocatedMost = Math.Max(state.AllocatedMost, allocated);
            if (fault is null)
                state.Accepted++;
            if (FindProblem(fault) is { } problem)
                state.Fail(problem);
            else if (allocated > most)
                state.Fail($"allocated {allocated} bytes for an input of {bytes(input)}, more than {most}; {fault}");
        }
    }

    private static (Exception? Fault, long Allocated) Measure<T>(Action<T> read, T input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception? fault = Record.Exception(() => read(input));
        return (fault, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>What is wrong with the outcome, or null.</summary>
    private static string? FindProblem(Exception? fault)
    {
        if (fault is not (null or ModelFileException or TemplateException or RequestException or ConstraintException))
            return fault.ToString();
        string message = fault?.Message ?? "";
        bool shown = message.Length <= MessageCharsMax && !message.Any(char.IsControl);
        return shown ? null : $"this message is no line to show: {message}";
    }

    private sealed class State(string kind, int inputs, int seed)
    {
        public long Started = Stopwatch.GetTimestamp();

        public int Inputs { get; } = inputs;
        public int Seed { get; set; } = seed;
        public int Accepted { get; set; }
        public long AllocatedMost { get; set; }
        public List<string> Failures { get; } = [];

        public void Fail(string problem) => Failures.Add($"{kind}, seed {Seed}: {Shorten(problem)}");

        private static string Shorten(string problem) => problem.Length <= MessageCharsMax
            ? problem
            : $"{problem[..(MessageCharsMax / 2)]} … {problem[^(MessageCharsMax / 2)..]}";
    }
}
