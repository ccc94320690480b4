using System.Runtime.InteropServices;
using Fourteen.Kernels.Memory;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// Memory for machine code: written first, executable then, never both at once. It lives as long as the process, as
/// code that anybody may call must.
/// </summary>
internal static class ExecutableMemory
{
    /// <summary>Whether this system gives such memory: Linux on x64, unless a policy forbids it.</summary>
    internal static bool IsSupported => Probe.Value;

    private static readonly Lazy<bool> Probe = new(
        () => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
            && Publish([0xC3]) != 0);

    /// <summary>Copies code into memory of its own and makes that executable; 0 where the system refuses.</summary>
    internal static nint Publish(ReadOnlySpan<byte> code) => SystemMemory.PublishCode(code);
}
