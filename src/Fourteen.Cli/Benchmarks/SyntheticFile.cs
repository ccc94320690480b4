using Fourteen.Cli.Output;
using Fourteen.Engine.Synthetic;

namespace Fourteen.Cli.Benchmarks;

/// <summary>Writes a model of random weights to a file that other engines load.</summary>
internal static class SyntheticFile
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes the file; leaves none behind where that fails or is cancelled.</summary>
    /// <exception cref="UsageException">There is something at the path already.</exception>
    public static async Task WriteAsync(
        SyntheticModel model, string path, StandardStreams streams, CancellationToken cancellation)
    {
        if (Path.Exists(path))
            throw new UsageException($"--write: {path} exists already; remove it or name another file");
        bool done = false;
        try
        {
            var file = new FileStream(
                path, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes, FileOptions.Asynchronous);
            await using (file)
            {
                using var progress = new ProgressLine(streams, $"writing {Path.GetFileName(path)}");
                await model.WriteAsync(file, progress.Report, cancellation);
            }

            done = true;
        }
        finally
        {
            if (!done)
                File.Delete(path);
        }

        streams.Output.WriteLine($"{path}: {model.Name}, {model.Bytes} bytes of random weights");
    }
}
