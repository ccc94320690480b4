using System.Text.RegularExpressions;
using Xunit;

namespace Fourteen.Tidy.Tests;

/// <summary>Rules about what a line of code may say.</summary>
public sealed partial class CodeRules
{
    /// <summary>The outermost frames: whatever arrives there that is not our own exception is our fault.</summary>
    private static readonly string[] CatchAllFrames =
    [
        "src/Fourteen.Cli/Program.cs",
        "src/Fourteen.Engine/Scheduling/EngineLoop.cs",
        "src/Fourteen.Server/Hosting/RequestPipeline.cs",
        "src/Fourteen.Server/Endpoints/Generating.cs", // After the first byte a failure is told within the stream.
        "src/Fourteen.Kernels/Workers/WorkerPool.cs", // Carries a worker's exception to the thread that waits for it.
    ];

    [Fact]
    public void Code_HoldsNoUnfinishedWork()
    {
        Rule.Holds(
            "Unfinished work is an issue, not a remark in the code.",
            SourceTree.Code.Concat(SourceTree.Projects).SelectMany(file => file.FindInText(Unfinished())));
    }

    [Fact]
    public void Exceptions_OfEveryKind_AreCaughtInOutermostFramesAlone()
    {
        Rule.Holds(
            "Catch what you can handle, by its type.",
            SourceTree.ProductCode.Where(file => !CatchAllFrames.Contains(file.Path))
                .SelectMany(file => file.FindInCode(CatchAll())));
    }

    [Fact]
    public void Asynchronous_Methods_ReturnATask()
    {
        Rule.Holds(
            "An async method returns a task: nobody sees the exception of an async void.",
            SourceTree.Code.SelectMany(file => file.FindInCode(AsyncVoid())));
    }

    [Fact]
    public void Tasks_AreAwaited_NotWaitedFor()
    {
        Rule.Holds(
            "Await a task; blocking a thread on it can deadlock.",
            SourceTree.Code.SelectMany(file => file.FindInCode(BlockingWait())));
    }

    [Fact]
    public void BannedSymbols_InTheProduct_AreNotAllowedAgain()
    {
        // The analyzer RS0030 knows types, which a text rule cannot.
        Rule.Holds(
            "The banned symbols (RS0030) are banned in all of the product; the console is touched in one folder alone.",
            SourceTree.Text.Where(file => file.IsProduct
                    && !file.Path.StartsWith("src/Fourteen.Cli/Output/", StringComparison.Ordinal))
                .SelectMany(file => file.FindInText(BannedSymbolsOff())));
    }

    [Fact]
    public void HotLoops_OfTheKernels_AreOptimizedFromTheFirstCall()
    {
        Rule.Holds(
            "A loop over pointers in MatMul or Operators carries AggressiveOptimization (or AggressiveInlining).",
            SourceTree.ProductCode.Where(file => HotFolder().IsMatch(file.Path)).SelectMany(HotLoops.FindUnmarked));
    }

    [Fact]
    public void Text_NamesNoMachineAndNoRegistry()
    {
        Rule.Holds(
            "A clone works anywhere: no absolute path of somebody's machine, no address of a package registry.",
            SourceTree.Text.SelectMany(file => file.FindInText(MachinePath()).Concat(file.FindInText(Registry()))));
    }

    // Each pattern has a bracket in it so that this file does not break its own rule.
    [GeneratedRegex(@"\b(TOD[O]|FIXM[E]|HAC[K]|XX[X])\b|NotImplemented[E]xception")]
    private static partial Regex Unfinished();

    // A filter that lists types, `catch (Exception e) when (e is A or B)`, is a catch by type; one that cleans up and
    // throws on catches nothing.
    [GeneratedRegex(
        @"\bcatch\s*(\{(?![^{}]*\bthrow;)|when\b"
        + @"|\(\s*(System\.)?Exception\b[\s\w]*\)(?!\s*when\s*\(\w+\s+is\s+(?!not\b)))")]
    private static partial Regex CatchAll();

    [GeneratedRegex(@"\basync\s+void\b")]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"\.Result\b(?!\s*[(<])|\.Wait\(\)|\.GetAwaiter\(\)\s*\.GetResult\(\)")]
    private static partial Regex BlockingWait();

    [GeneratedRegex("^src/Fourteen.Kernels/(MatMul|Operators)/")]
    private static partial Regex HotFolder();

    [GeneratedRegex("RS0030")]
    private static partial Regex BannedSymbolsOff();

    [GeneratedRegex(@"(?<![\w.~*])/(wor[k]|hom[e]|roo[t]|User[s])/|[A-Z]:\\+User[s]\\")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"https?://[^\s""<>)]*(nuge[t]|npm[j]s|pyp[i]|artifactor[y]|/simpl[e]/)", RegexOptions.IgnoreCase)]
    private static partial Regex Registry();
}
