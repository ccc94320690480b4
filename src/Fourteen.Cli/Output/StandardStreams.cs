#pragma warning disable RS0030 // the command line owns the console
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Fourteen.Cli.Output;

/// <summary>
/// Where a verb reads and writes: results to <see cref="Output"/>, everything else to <see cref="Error"/>. Text is
/// UTF-8 without a byte order mark and with line feeds on every system. Closed by nobody here: the streams belong to
/// the caller or the process.
/// </summary>
public sealed class StandardStreams
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Streams over the given ones, none of them a terminal.</summary>
    public StandardStreams(Stream input, Stream output, Stream error)
    {
        Input = input;
        Output = new StreamWriter(output, Utf8) { NewLine = "\n" };
        Error = new StreamWriter(error, Utf8) { NewLine = "\n", AutoFlush = true };
    }

    public Stream Input { get; }

    /// <summary>Buffered: what must be seen at once needs a flush.</summary>
    public TextWriter Output { get; }

    public TextWriter Error { get; }

    public bool InputIsTerminal { get; init; }

    public bool OutputIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Ctrl-C of the process; null where the streams are not the process's own.</summary>
    internal Interrupts? Interrupts { get; private init; }

    /// <summary>The streams of this process.</summary>
    internal static StandardStreams OfProcess(Interrupts interrupts)
    {
        if (OperatingSystem.IsWindows())
            Console.OutputEncoding = Utf8; // the terminal's code page; elsewhere it is UTF-8 already
        return new StandardStreams(Console.OpenStandardInput(), OpenOutput(), Console.OpenStandardError())
        {
            InputIsTerminal = !Console.IsInputRedirected,
            OutputIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Interrupts = interrupts,
        };
    }

    /// <summary>
    /// Standard output. On Unix the console's own stream hides that the reader of a pipe has gone, and a long batch
    /// would run on for nobody; a file stream reports it. It serves pipes alone, since on files it keeps a position of
    /// its own.
    /// </summary>
    private static Stream OpenOutput()
    {
        if (!OperatingSystem.IsWindows() && Console.IsOutputRedirected)
        {
            var output = new FileStream(
                new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0, isAsync: false);
            if (!output.CanSeek)
                return output;
        }

        return Console.OpenStandardOutput();
    }

    /// <summary>The whole of standard input as text.</summary>
    /// <param name="wanted">What the text is, for the message where nobody would ever type it.</param>
    /// <exception cref="UsageException">Standard input is a terminal.</exception>
    internal async Task<string> ReadTextAsync(string wanted, CancellationToken cancellation)
    {
        if (InputIsTerminal)
            throw new UsageException($"{wanted} is missing: give it as an argument or pipe it into standard input");
        return await ReadTextAsync(Input, "standard input", cancellation);
    }

    /// <summary>The whole of a file, or of standard input where its name is <c>-</c>, as text.</summary>
    internal async Task<string> ReadFileAsync(string path, CancellationToken cancellation)
    {
        if (path == "-")
            return await ReadTextAsync(Input, "standard input", cancellation);
        await using FileStream file = File.OpenRead(path);
        return await ReadTextAsync(file, path, cancellation);
    }

    private static async Task<string> ReadTextAsync(Stream stream, string name, CancellationToken cancellation)
    {
        var reader = new StreamReader(stream, Utf8); // not closed: the stream is the caller's
        try
        {
            return await reader.ReadToEndAsync(cancellation).WaitAsync(cancellation); // as in LineReader
        }
        catch (DecoderFallbackException e)
        {
            throw new IOException($"{name}: the text must be UTF-8, but it has bytes that are not", e);
        }
    }
}
