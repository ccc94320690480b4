using System.Security.Cryptography;
using System.Text.Json;
using Fourteen.Server;
using Fourteen.Testing;

[assembly: AssemblyFixture(typeof(Fourteen.Clients.Tests.Node.NodeClients))]

namespace Fourteen.Clients.Tests.Node;

/// <summary>
/// The npm packages of package.json, installed once below artifacts/; a test is skipped with the reason where there is
/// no node, or where npm gets no packages.
/// </summary>
public sealed class NodeClients : IDisposable
{
    /// <summary>An install takes seconds; where there is no registry, npm would try for minutes.</summary>
    private static readonly TimeSpan InstallLimit = TimeSpan.FromSeconds(60);

    /// <summary>A script takes three seconds, of which node's start is most; a busy machine many more.</summary>
    private static readonly TimeSpan ScriptLimit = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim _installing = new(1);
    private string? _reason;

    /// <summary>What a script tells of a server.</summary>
    public async Task<JsonElement> RunAsync(string script, ServerHost host, CancellationToken cancellation)
    {
        string? node = Programs.Find("node");
        string? npm = Programs.Find("npm");
        Assert.SkipWhen(node is null || npm is null, "node and npm are not on this machine");
        string folder = await InstallAsync(npm, cancellation);
        string[] arguments = [script, host.Address, ServerFixture.Tiny, ServerFixture.Embedded];
        (int? code, string output, string errors) =
            await Programs.RunAsync(node, folder, arguments, ScriptLimit, cancellation);
        Assert.True(code == 0, $"{script} ended with {code?.ToString() ?? "its time"}: {errors}");
        return Questions.Json(output);
    }

    public void Dispose() => _installing.Dispose();

    /// <summary>A folder with the scripts and their packages; another one for other versions.</summary>
    private async Task<string> InstallAsync(string npm, CancellationToken cancellation)
    {
        string source = Path.Combine(SharedFiles.RepositoryRoot, "tests", "Fourteen.Clients.Tests", "Node");
        byte[] packages = await File.ReadAllBytesAsync(Path.Combine(source, "package.json"), cancellation);
        string folder = Path.Combine(
            SharedFiles.RepositoryRoot, "artifacts", "node-clients", Convert.ToHexString(SHA256.HashData(packages))[..12]);
        await _installing.WaitAsync(cancellation);
        try
        {
            Directory.CreateDirectory(folder);
            foreach (string path in Directory.EnumerateFiles(source, "*.mjs"))
                File.Copy(path, Path.Combine(folder, Path.GetFileName(path)), overwrite: true);
            string installed = Path.Combine(folder, "installed");
            if (_reason is null && !File.Exists(installed))
            {
                await File.WriteAllBytesAsync(Path.Combine(folder, "package.json"), packages, cancellation);
                (int? code, _, string errors) = await Programs.RunAsync(
                    npm, folder, ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"],
                    InstallLimit, cancellation);
                if (code == 0)
                    await File.WriteAllTextAsync(installed, "", cancellation);
                else
                    _reason = $"npm install ended with {code?.ToString() ?? "its time"}: {errors.Trim()}";
            }
        }
        finally
        {
            _installing.Release();
        }

        Assert.SkipWhen(_reason is not null, _reason ?? "");
        return folder;
    }
}
