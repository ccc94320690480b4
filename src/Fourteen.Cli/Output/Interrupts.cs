#pragma warning disable RS0030 // the command line owns the console
using System.Runtime.InteropServices;

namespace Fourteen.Cli.Output;

/// <summary>
/// Ctrl-C, and SIGTERM as service managers send it, as a token. The first press asks the verb to end in order; the
/// second ends the process at once. A verb that has its own use for the key, as a conversation has, sets a handler
/// instead.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    private readonly PosixSignalRegistration _termination;

    public Interrupts()
    {
        Console.CancelKeyPress += OnPress;
        _termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = !_source.IsCancellationRequested;
            _source.Cancel();
        });
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Called at each press in place of ending the verb; null ends it. Runs on a thread of its own.</summary>
    public Action? Handler { get; set; }

    public void Dispose()
    {
        Console.CancelKeyPress -= OnPress;
        _termination.Dispose();
        _source.Dispose();
    }

    private void OnPress(object? sender, ConsoleCancelEventArgs press)
    {
        if (Handler is { } handler)
        {
            press.Cancel = true;
            handler();
            return;
        }

        press.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
    }
}
