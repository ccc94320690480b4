using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Fourteen.Kernels.Lanes;

namespace Fourteen.Kernels.Limits;

/// <summary>What this machine computes with, for reports.</summary>
public static class Processor
{
    /// <summary>The name that the processor gives itself, or its architecture where it gives none.</summary>
    public static string Name { get; } = ReadName();

    /// <summary>Paths that run here, best first.</summary>
    public static IReadOnlyList<IsaPath> Paths { get; } = [.. Isa.BestFirst.Where(Isa.IsSupported)];

    private static string ReadName()
    {
        const int FirstLeaf = unchecked((int)0x8000_0002), LastLeaf = unchecked((int)0x8000_0004);
        string architecture = RuntimeInformation.ProcessArchitecture.ToString();
        if (!X86Base.IsSupported || X86Base.CpuId(unchecked((int)0x8000_0000), 0).Eax < LastLeaf)
            return architecture;
        List<byte> brand = [];
        for (int leaf = FirstLeaf; leaf <= LastLeaf; leaf++)
        {
            (int a, int b, int c, int d) = X86Base.CpuId(leaf, 0);
            foreach (int part in (ReadOnlySpan<int>)[a, b, c, d])
                brand.AddRange(BitConverter.GetBytes(part));
        }

        string name = Encoding.ASCII.GetString([.. brand]).TrimEnd('\0').Trim();
        return name.Length > 0 ? $"{name}{Family()}" : architecture;
    }

    /// <summary>Virtual machines often hide the model's name, and family and model tell the generation.</summary>
    private static string Family()
    {
        int version = X86Base.CpuId(1, 0).Eax;
        int family = (version >> 8) & 0xF, model = (version >> 4) & 0xF;
        if (family is 6 or 15)
            model |= (version >> 12) & 0xF0;
        if (family == 15)
            family += (version >> 20) & 0xFF;
        return $" (family {family}, model {model})";
    }
}
