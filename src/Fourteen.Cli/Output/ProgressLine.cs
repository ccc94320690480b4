using System.Diagnostics;
using System.Globalization;

namespace Fourteen.Cli.Output;

/// <summary>
/// A bar on standard error for what lasts longer than two seconds, where somebody is there to see it; else nothing. For
/// one thread.
/// </summary>
internal sealed class ProgressLine(StandardStreams streams, string label) : IDisposable
{
    private const int BarColumns = 30;

    /// <summary>With the bar 79 columns: a line that wraps cannot be drawn over.</summary>
    private const int LabelColumnsMax = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly long _start = Stopwatch.GetTimestamp();
    private TimeSpan _next = Patience;
    private int _columnsShown;

    /// <param name="done">Work done so far, in any unit.</param>
    /// <param name="total">All of it in the same unit, or 0 where that is not known.</param>
    public void Report(long done, long total)
    {
        if (!streams.ErrorIsTerminal || Stopwatch.GetElapsedTime(_start) < _next)
            return;
        _next = Stopwatch.GetElapsedTime(_start) + Pace;
        Show(Describe(done, total));
    }

    /// <summary>Takes the bar away.</summary>
    public void Dispose()
    {
        if (_columnsShown == 0)
            return;
        Show("");
        streams.Error.Write('\r');
    }

    private void Show(string text)
    {
        streams.Error.Write($"\r{text.PadRight(_columnsShown)}");
        _columnsShown = text.Length;
    }

    private string Describe(long done, long total)
    {
        string name = label.Length <= LabelColumnsMax ? label : $"{label[..(LabelColumnsMax - 1)]}…";
        if (total <= 0)
            return string.Create(CultureInfo.InvariantCulture, $"{name}: {done:N0}");
        double share = Math.Clamp((double)done / total, 0, 1);
        int filled = (int)(share * BarColumns);
        string bar = new string('#', filled) + new string('.', BarColumns - filled);
        return string.Create(CultureInfo.InvariantCulture, $"{name}: [{bar}] {share * 100,3:F0} %");
    }
}
