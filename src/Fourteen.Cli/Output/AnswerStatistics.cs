using System.Diagnostics;
using System.Globalization;
using Fourteen.Protocol.Chat;

namespace Fourteen.Cli.Output;

/// <summary>What an answer took, as a line for people.</summary>
internal static class AnswerStatistics
{
    public static string Line(FinishReason? reason, Usage usage) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(reason == FinishReason.Length ? "cut at the limit; " : "")}{Line(usage)}");

    private static string Line(Usage usage) => string.Create(
        CultureInfo.InvariantCulture,
        $"{usage.PromptTokens} tokens in, {usage.CompletionTokens} out; "
        + $"first token {usage.TimeToFirstToken.TotalSeconds:F2} s; "
        + $"prefill {usage.PrefillTokensPerSecond:F1}, decode {usage.DecodeTokensPerSecond:F1} tokens/s; "
        + $"peak {PeakMemoryMib} MiB{Rope(usage)}");

    /// <summary>The scaling of positions, where there was one.</summary>
    private static string Rope(Usage usage) => usage.RopeFactor == 1 ? "" : $"; {Scaling(usage)}";

    /// <summary>Name and factor of an answer's scaling of positions: YaRN ×2.</summary>
    public static string Scaling(Usage usage) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(usage.RopeScaling == "yarn" ? "YaRN" : usage.RopeScaling)} ×{usage.RopeFactor:G6}");

    /// <summary>The most memory that the process has had resident, mapped files included.</summary>
    public static long PeakMemoryMib
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return Math.Max(process.PeakWorkingSet64, process.WorkingSet64) >> 20;
        }
    }
}
