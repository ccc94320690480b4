using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Fourteen.Kernels.MachineCode;

/// <summary>A loop of nothing but 512-bit VPDPBUSD on registers: the peak that tiles of machine code are held against.
/// </summary>
internal static unsafe class CodePeak
{
    private static readonly AssemblerRegisterZMM[] Sums =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23,
    ];

    private static readonly Lazy<nint> Code = new(() => ExecutableMemory.Publish(Assemble()));

    /// <summary>Products of bytes in one round.</summary>
    internal static int ProductsPerRound => 64 * Sums.Length;

    /// <summary>Runs some rounds, one or more.</summary>
    internal static int Run(int rounds)
    {
        var code = (delegate* unmanaged<nint, int>)Code.Value;
        return code(rounds);
    }

    private static byte[] Assemble()
    {
        var code = new Assembler(64);
        foreach (AssemblerRegisterZMM sum in Sums)
            code.vpxord(sum, sum, sum);
        code.vpxord(zmm30, zmm30, zmm30);
        code.vpxord(zmm31, zmm31, zmm31);
        Label round = code.CreateLabel();
        code.Label(ref round);
        foreach (AssemblerRegisterZMM sum in Sums)
            code.vpdpbusd(sum, zmm30, zmm31);
        code.dec(rdi);
        code.jne(round);
        code.mov(eax, edi);
        code.vzeroupper();
        code.ret();
        using var bytes = new MemoryStream();
        code.Assemble(new StreamCodeWriter(bytes), 0);
        return bytes.ToArray();
    }
}
