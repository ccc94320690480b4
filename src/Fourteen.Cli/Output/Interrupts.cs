#pragma warning disable RS0030 // the command line owns the console
namespace Fourteen.Cli.Output;

/// <summary>
/// Ctrl-C as a token. The first press asks the verb to end in order; the second ends the process at once.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    public Interrupts() => Console.CancelKeyPress += OnPress;

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= OnPress;
        _source.Dispose();
    }

    private void OnPress(object? sender, ConsoleCancelEventArgs press)
    {
        press.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
    }
}
