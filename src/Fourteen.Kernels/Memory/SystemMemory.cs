using System.Globalization;
using System.Runtime.InteropServices;

namespace Fourteen.Kernels.Memory;

/// <summary>
/// Every call to the operating system about memory. Linux knows huge pages and executable ones; elsewhere there are
/// plain ones alone, which changes speed and no result.
/// </summary>
internal static unsafe partial class SystemMemory
{
    /// <summary>
    /// A huge page of x64, and of Arm64 with pages of 4 KiB: one fault and one entry of the address cache in place of
    /// 512.
    /// </summary>
    internal const int HugePageBytes = 2 << 20;

    private const string Maps = "/proc/self/smaps";

    // Linux's numbers, the same on x64 and Arm64.
    private const int ReadWrite = 3;           // PROT_READ | PROT_WRITE
    private const int ReadExecute = 5;         // PROT_READ | PROT_EXEC
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS
    private const int HugePage = 14;

    /// <summary>
    /// Private zeroed memory that begins on a huge page and asks for huge pages; it takes memory as it is touched. Free
    /// it by <see cref="FreeHuge"/> with the same size. 0 where the system has no such memory, or not that much.
    /// </summary>
    internal static nint AllocateHuge(long bytes)
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        // One huge page more than asked for holds an aligned start; what lies before and behind goes back.
        nuint length = LengthOf(bytes);
        nint mapped = mmap(0, checked(length + HugePageBytes), ReadWrite, PrivateAnonymous, -1, 0);
        if (mapped == -1)
            return 0;
        nint start = (mapped + HugePageBytes - 1) & -HugePageBytes;
        nint before = start - mapped, behind = HugePageBytes - before;
        if (before > 0)
            munmap(mapped, (nuint)before);
        if (behind > 0)
            munmap(start + (nint)length, (nuint)behind);
        madvise(start, length, HugePage); // A system that has none refuses, and gives its usual pages.
        return start;
    }

    /// <summary>Gives back what <see cref="AllocateHuge"/> gave.</summary>
    internal static void FreeHuge(nint address, long bytes) => munmap(address, LengthOf(bytes));

    /// <summary>
    /// Copies machine code into memory of its own, which is writable first and executable then, never both at once; 0
    /// where the system gives no such memory.
    /// </summary>
    internal static nint PublishCode(ReadOnlySpan<byte> code)
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        nuint length = LengthOf(code.Length);
        nint address = mmap(0, length, ReadWrite, PrivateAnonymous, -1, 0);
        if (address == -1)
            return 0;
        code.CopyTo(new Span<byte>((void*)address, code.Length));
        if (mprotect(address, length, ReadExecute) == 0)
            return address;
        munmap(address, length);
        return 0;
    }

    /// <summary>
    /// Bytes of [<paramref name="address"/>, + <paramref name="bytes"/>) that are in huge pages now; null where the
    /// system does not say. The range must be a whole mapping or several: a neighbour that the system joined to it
    /// counts as well.
    /// </summary>
    internal static long? HugeBytes(nint address, long bytes)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        try
        {
            return Math.Min(SumHuge(address, bytes), bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Some containers hide it.
        }
    }

    private static long SumHuge(nint address, long bytes)
    {
        long huge = 0;
        bool inside = false;
        foreach (string line in File.ReadLines(Maps))
        {
            // A mapping's head is "start-end rwxp …" in hexadecimal; its facts follow as "Name:   number kB".
            ReadOnlySpan<char> text = line;
            int dash = text.IndexOf('-');
            if (dash > 0 && long.TryParse(text[..dash], NumberStyles.HexNumber, null, out long start))
            {
                int space = text.IndexOf(' ');
                long end = long.Parse(text[(dash + 1)..space], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                inside = start < address + bytes && end > address;
            }
            else if (inside && text.StartsWith("AnonHugePages:"))
            {
                huge += 1024 * long.Parse(text[14..^2], NumberStyles.Integer, CultureInfo.InvariantCulture);
            }
        }

        return huge;
    }

    private static nuint LengthOf(long bytes)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        return checked((nuint)bytes + page - 1) / page * page;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mprotect(nint address, nuint length, int protection);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int madvise(nint address, nuint length, int advice);
}
