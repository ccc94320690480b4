using System.Runtime.Intrinsics.X86;
using Fourteen.Kernels.MachineCode;

namespace Fourteen.Kernels.Lanes;

/// <summary>The instruction-set paths that kernels are written for.</summary>
public enum IsaPath
{
    /// <summary>The plain loops that define each kernel's answer.</summary>
    Scalar,

    /// <summary>Portable 128-bit vectors: Arm64, and x64 without AVX2.</summary>
    Vector128,

    /// <summary>256-bit integer multiplies by VPMADDUBSW.</summary>
    Avx2,

    /// <summary>256-bit integer multiplies by VPDPBUSD in its VEX form.</summary>
    AvxVnni,

    /// <summary>512-bit integer multiplies by VPMADDUBSW; .NET 10 exposes no 512-bit VPDPBUSD.</summary>
    Avx512,

    /// <summary>
    /// 512-bit integer multiplies by VPDPBUSD, in machine code that is assembled here; what has none runs as
    /// <see cref="Avx512"/>.
    /// </summary>
    Avx512Vnni,
}

/// <summary>
/// Which path this process takes: the first supported one of <see cref="BestFirst"/>, or the one that the environment
/// variable <c>FOURTEEN_ISA</c> names. Every path computes the same bits, so the choice changes speed alone.
/// </summary>
public static class Isa
{
    /// <summary>The environment variable that forces a path.</summary>
    public const string Variable = "FOURTEEN_ISA";

    /// <summary>
    /// The paths in order of preference. 512 bits stand before 256 as measured on Zen 5; processors that have the one
    /// and not the other are decided by what they have.
    /// </summary>
    public static IReadOnlyList<IsaPath> BestFirst { get; } =
        [IsaPath.Avx512Vnni, IsaPath.Avx512, IsaPath.AvxVnni, IsaPath.Avx2, IsaPath.Vector128, IsaPath.Scalar];

    /// <summary>The path of this process. Throws <see cref="PlatformNotSupportedException"/> where the forced path is
    /// unknown or not supported here.</summary>
    public static IsaPath Selected => Select(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Whether this processor (and runtime) can run <paramref name="path"/>.</summary>
    public static bool IsSupported(IsaPath path) => path switch
    {
        IsaPath.Avx512Vnni => Avx512BW.IsSupported && Avx512F.IsSupported && HasVnni && ExecutableMemory.IsSupported,
        IsaPath.Avx512 => Avx512BW.IsSupported && Avx512F.IsSupported,
        IsaPath.AvxVnni => AvxVnni.IsSupported && Avx2.IsSupported && Fma.IsSupported,
        IsaPath.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        _ => true,
    };

    /// <summary>AVX512_VNNI: leaf 7, ECX bit 11. The system saves 512-bit registers where AVX-512 is supported.
    /// </summary>
    private static bool HasVnni => X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;

    private static IsaPath Select(string? forced)
    {
        if (string.IsNullOrEmpty(forced))
            return BestFirst.First(IsSupported);
        if (!Enum.TryParse(forced, ignoreCase: true, out IsaPath path) || !BestFirst.Contains(path))
        {
            throw new PlatformNotSupportedException(
                $"{Variable} must be one of {Names()}, but it is \"{forced}\".");
        }

        return IsSupported(path)
            ? path
            : throw new PlatformNotSupportedException(
                $"{Variable}={forced}: this processor does not have it; leave the variable unset.");
    }

    private static string Names() => string.Join(", ", BestFirst.Select(path => path.ToString().ToLowerInvariant()));
}
