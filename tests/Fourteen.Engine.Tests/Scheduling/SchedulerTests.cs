using Fourteen.Engine.KvCache;
using Fourteen.Engine.Scheduling;
using Xunit;
using Reader = Fourteen.Engine.Tests.Scheduling.ScriptedSteps.Reader;

namespace Fourteen.Engine.Tests.Scheduling;

public sealed class SchedulerTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(500);

    [Fact]
    public void Fill_PromptsBesideAStream_TakesTheStreamFirst()
    {
        var steps = new ScriptedSteps(1000, 8);
        Reader stream = steps.Add(10, 100);
        steps.Step();
        Reader prompt = steps.Add(2000, 1);
        steps.Step();
        Assert.Equal([stream.Sequence, prompt.Sequence], steps.Batch.Sequences);
        Assert.Equal([1, 511], steps.Batch.Spans.Select(span => span.Count));
    }

    [Fact]
    public void Fill_SeveralPrompts_SharesHalfAndGivesHalfToTheFirst()
    {
        var steps = new ScriptedSteps(1000, 8, stepTokens: 400);
        Reader[] prompts = [steps.Add(3000, 1), steps.Add(3000, 1), steps.Add(3000, 1), steps.Add(20, 2)];
        steps.Step();
        Assert.Equal([280, 50, 50, 20], prompts.Select(prompt => prompt.Sequence.TokensComputed));
    }

    [Fact]
    public void Fill_ShortPromptBehindALongOneOfTheSameTenant_DoesNotWaitForIt()
    {
        var steps = new ScriptedSteps(10_000, 8);
        Reader large = steps.Add(20_000, 1, tenant: "a");
        steps.Step();
        Reader small = steps.Add(300, 1, tenant: "a");
        steps.Run();
        Assert.True(small.End < large.End / 4, $"{small.End} s of {large.End} s");
    }

    [Theory]
    [InlineData(65)]
    [InlineData(100)]
    [InlineData(200)]
    public void Fill_MoreStreamsThanRowsOfLogits_TakesThemInTurn(int count)
    {
        var steps = new ScriptedSteps(4000, count);
        Reader[] readers = [.. Enumerable.Range(0, count).Select(_ => steps.Add(2, 1000))];
        for (int i = 0; i < 5 * count; i++)
        {
            steps.Step();
            if (i > 2 * count / 64)
                Assert.InRange(readers.Max(reader => reader.Generated) - readers.Min(reader => reader.Generated), 0, 2);
        }

        Assert.InRange(readers.Min(reader => reader.Generated), (5 * 64) - 10, 5 * 64);
    }

    [Fact]
    public void Admission_TakesLowerPriorityValuesFirst()
    {
        var steps = new ScriptedSteps(1000, 1);
        Reader[] readers = [.. ((int[])[0, 3, -1, 2, -1]).Select(priority => steps.Add(20, 5, priority))];
        steps.Run();
        Assert.Equal([2, 4, 0, 3, 1], Enumerable.Range(0, 5).OrderBy(i => readers[i].End));
        Assert.Equal(0, steps.Scheduler.Preemptions);
    }

    [Fact]
    public void Admission_HigherPriorityWithoutAPlace_TakesThatOfALowerOne()
    {
        var steps = new ScriptedSteps(1000, 2);
        Reader first = steps.Add(100, 300, priority: 1), second = steps.Add(100, 300, priority: 1);
        for (int i = 0; i < 50; i++)
            steps.Step();
        Reader urgent = steps.Add(50, 10), equal = steps.Add(50, 10, priority: 1);
        steps.Run();
        Assert.Equal(1, steps.Scheduler.Preemptions);
        Assert.True(urgent.End < first.End && first.End < second.End && first.End < equal.End);
        Assert.True(second.LongestGap > 2 * first.LongestGap); // The younger one lost its place.
        Assert.Equal(300, second.Generated);
    }

    [Fact]
    public void Preemption_IsMostlyRecomputedFromItsOwnBlocks()
    {
        var steps = new ScriptedSteps(100, 1);
        Reader low = steps.Add(1000, 300, priority: 1);
        for (int i = 0; i < 50; i++)
            steps.Step();
        steps.Add(50, 10);
        int before = steps.Steps;
        steps.Run();
        Assert.Equal(300, low.Generated);
        Assert.Equal(before + 10 + (300 - 48), low.EndStep - 1, 2.0); // one step to compute again, not three
    }

    [Fact]
    public void Admission_TenantsTakeTurns_HoweverMuchOneAsks()
    {
        var steps = new ScriptedSteps(10_000, 2);
        Reader[] flood = [.. Enumerable.Range(0, 40).Select(_ => steps.Add(200, 20, tenant: "flood"))];
        for (int i = 0; i < 30; i++)
            steps.Step();
        Reader[] polite = [.. Enumerable.Range(0, 5).Select(_ => steps.Add(200, 20, tenant: "polite"))];
        steps.Run();
        int before = flood.Count(reader => reader.End < polite[^1].End);
        Assert.InRange(before, 5, 12); // Those that had ended, and then one each.
    }

    [Fact]
    public void Admission_TenantThatWasIdle_HasSavedUpNothing()
    {
        var steps = new ScriptedSteps(10_000, 1);
        Reader[] early = [.. Enumerable.Range(0, 30).Select(_ => steps.Add(100, 10, tenant: "a"))];
        for (int i = 0; i < 200; i++)
            steps.Step();
        Reader[] late = [.. Enumerable.Range(0, 20).Select(_ => steps.Add(100, 10, tenant: "b"))];
        steps.Run();
        // From there on they alternate: the last of "a" ends before half of "b" has.
        Assert.InRange(late.Count(reader => reader.End < early[^1].End), 8, 12);
    }

    [Fact]
    public void Streams_BesideALongPrompt_NeverWaitLongerThanTheBound()
    {
        static double Seconds(Batch batch) => 0.08 + (0.002 * batch.Tokens.Count)
            + (2e-7 * batch.Spans.Sum(span => (double)span.Count * span.FirstPosition));
        var steps = new ScriptedSteps(10_000, 8, seconds: Seconds);
        Reader[] streams = [steps.Add(20, 1000), steps.Add(30, 1000)];
        for (int i = 0; i < 5; i++)
            steps.Step(Bound);
        Reader large = steps.Add(20_000, 5);
        steps.Run(Bound);
        Assert.All(streams, stream => Assert.InRange(stream.LongestGap, 0, Bound.TotalSeconds));
        double alone = (20_000 * 0.002) + (2e-7 * 20_000 * 10_000);
        Assert.InRange(large.FirstToken, alone, 2 * alone); // The time is used, too.
    }

    [Fact]
    public void Blocks_Exhausted_AreTakenFromAParkedOneThenFromTheYoungest()
    {
        var steps = new ScriptedSteps(12, 3, stepTokens: 64);
        Reader[] readers = [steps.Add(32, 200), steps.Add(32, 200), steps.Add(32, 200)];
        for (int i = 0; i < 20; i++)
            steps.Step();
        readers[0].HasRoom = false;
        for (int i = 0; i < 120; i++)
            steps.Step();
        Assert.False(readers[0].Sequence.Blocks.Count > 0);
        Assert.Equal(1, steps.Scheduler.Preemptions);
        readers[0].HasRoom = true;
        steps.Run();
        Assert.All(readers, reader => Assert.Equal(200, reader.Generated));
        Assert.Equal(0, steps.Pool.InUse);
    }

    [Fact]
    public void Admission_BehindAPromptWithTheSameBeginning_WaitsForThatAndNobodyElseDoes()
    {
        var steps = new ScriptedSteps(1000, 8, stepTokens: 64);
        int[] common = [.. Enumerable.Range(1_000_000, 320)];
        Reader first = steps.Add(320, 50, text: common);
        steps.Step();
        Reader same = steps.Add(340, 5, text: [.. common, .. Enumerable.Range(2_000_000, 20)]);
        Reader urgent = steps.Add(320, 5, text: common, priority: -1);
        Reader other = steps.Add(40, 5);
        steps.Step();
        Assert.Equal([first.Sequence, urgent.Sequence, other.Sequence], steps.Scheduler.Running);
        steps.Run();
        Assert.Equal((0, 320), (first.Sequence.CachedTokens, same.Sequence.CachedTokens));
    }

    /// <summary>Two that compute the same at once have one copy of it afterwards.</summary>
    [Fact]
    public void Blocks_ComputedTwice_AreKeptOnce()
    {
        var steps = new ScriptedSteps(1000, 8, stepTokens: 64);
        int[] common = [.. Enumerable.Range(1_000_000, 320)];
        Reader low = steps.Add(320, 50, priority: 1, text: common);
        steps.Step();
        Reader high = steps.Add(320, 50, text: common); // Does not wait for one that may wait itself.
        while (low.Generated < 10 || high.Generated < 10)
            steps.Step();
        Assert.Equal(low.Sequence.Blocks[..10], high.Sequence.Blocks[..10]);
        steps.Run();
        Assert.Equal((0, 10 + 1 + 1), (steps.Pool.InUse, steps.Pool.Cached));
    }

    [Fact]
    public void Parked_SequenceInTheOnlyPlace_GivesItToWhoWaits()
    {
        var steps = new ScriptedSteps(100, 1);
        Reader parked = steps.Add(50, 50);
        steps.Step();
        parked.HasRoom = false;
        Assert.False(steps.Step());
        Reader next = steps.Add(50, 5);
        steps.Run();
        Assert.NotNull(next.End);
        Assert.Null(parked.End);
        parked.HasRoom = true;
        steps.Run();
        Assert.NotNull(parked.End);
    }

    /// <summary>
    /// Under any load all come to their end, whatever their priority; no step goes wrong on the way, and in the end all
    /// blocks are free.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Sequences_UnderRandomLoad_AllEnd(int seed)
    {
        var random = new Random(seed);
        int[] common = [.. Enumerable.Range(1_000_000, 300)];
        var steps = new ScriptedSteps(24, random.Next(1, 12), stepTokens: random.Next(1, 200));
        var readers = new List<Reader>();
        var gone = new HashSet<Reader>();
        for (int i = 0; i < 3000; i++)
        {
            if (readers.Count < 200 && random.Next(8) == 0)
            {
                int prompt = random.Next(1, 300);
                readers.Add(steps.Add(
                    prompt, random.Next(1, 400), random.Next(-1, 2),
                    random.Next(3) switch { 0 => null, 1 => "a", _ => "b" },
                    random.Next(2) == 0 ? common[..prompt] : null));
            }

            if (readers.Count > 0)
            {
                Reader one = readers[random.Next(readers.Count)];
                one.HasRoom = random.Next(10) > 0;
                if (random.Next(100) == 0 && one.End is null && gone.Add(one))
                    steps.Scheduler.Remove(one.Sequence);
            }

            steps.Step(random.Next(2) == 0 ? Bound : null);
            Assert.True(steps.Pool.InUse + steps.Pool.Cached <= steps.Pool.Total);
        }

        foreach (Reader reader in readers)
            reader.HasRoom = true;
        steps.Run(Bound);
        Assert.All(readers, reader => Assert.True(reader.End is not null || gone.Contains(reader)));
        Assert.Equal(0, steps.Pool.InUse);
        Assert.Empty(steps.Scheduler.Running);
        Assert.Empty(steps.Scheduler.Waiting);
    }
}
