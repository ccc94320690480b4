using System.Runtime.InteropServices;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// Memory for machine code: written first, executable then, never both at once. It lives as long as the process, as
/// code that anybody may call must.
/// </summary>
internal static unsafe partial class ExecutableMemory
{
    private const int ReadWrite = 3;          // PROT_READ | PROT_WRITE
    private const int ReadExecute = 5;        // PROT_READ | PROT_EXEC
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS

    /// <summary>Whether this system gives such memory: Linux on x64, unless a policy forbids it.</summary>
    internal static bool IsSupported => Probe.Value;

    private static readonly Lazy<bool> Probe = new(
        () => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
            && Publish([0xC3]) != 0);

    /// <summary>Copies code into memory of its own and makes that executable; 0 where the system refuses.</summary>
    internal static nint Publish(ReadOnlySpan<byte> code)
    {
        nint page = Environment.SystemPageSize;
        nint length = (code.Length + page - 1) / page * page;
        nint address = mmap(0, length, ReadWrite, PrivateAnonymous, -1, 0);
        if (address == -1)
            return 0;
        code.CopyTo(new Span<byte>((void*)address, code.Length));
        if (mprotect(address, length, ReadExecute) == 0)
            return address;
        munmap(address, length);
        return 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mprotect(nint address, nint length, int protection);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nint length);
}
