using System.Globalization;
using System.Text.Json;
using Fourteen.Formats;

namespace Fourteen.Kernels.Tests.Quantization;

/// <summary>The formulas of the IQ types with grids, over the grids as ggml publishes them.</summary>
internal sealed class IqFormulas
{
    private readonly Dictionary<string, ulong[]> _tables = [];

    /// <param name="path">A JSON file: table name → values, as hexadecimal strings or numbers.</param>
    internal IqFormulas(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        foreach (JsonProperty table in document.RootElement.EnumerateObject())
        {
            if (table.Name.StartsWith("iq", StringComparison.Ordinal) || table.Name == "ksigns_iq2xs")
                _tables[table.Name] = [.. table.Value.GetProperty("values").EnumerateArray().Select(Parse)];
        }

        ByType = new()
        {
            [GgmlType.IQ2_XXS] = IQ2_XXS,
            [GgmlType.IQ2_XS] = IQ2_XS,
            [GgmlType.IQ2_S] = IQ2_S,
            [GgmlType.IQ3_XXS] = IQ3_XXS,
            [GgmlType.IQ3_S] = IQ3_S,
            [GgmlType.IQ1_S] = IQ1_S,
            [GgmlType.IQ1_M] = IQ1_M,
        };
    }

    internal Dictionary<GgmlType, BlockFormulas.Formula> ByType { get; }

    private static ulong Parse(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? ulong.Parse(value.GetString()!.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) // A string.
        : value.GetUInt64();

    private int Lane(string table, long index, int lane) => (sbyte)(_tables[table][index] >> (8 * lane));

    private ulong Ksigns(long index) => _tables["ksigns_iq2xs"][index];

    private static float Sign(ulong signs, int bit) => ((signs >> bit) & 1) != 0 ? -1 : 1;

    private float IQ2_XXS(ReadOnlySpan<byte> b, int i)
    {
        (int ib, int l, int j) = (i / 32, i % 32 / 8, i % 8);
        uint a1 = BlockFormulas.U32(b, 2 + 8 * ib + 4);
        float scale = BlockFormulas.F16(b, 0) * (0.5f + (a1 >> 28)) * 0.25f;
        return scale * Lane("iq2xxs_grid", b[2 + 8 * ib + l], j) * Sign(Ksigns((a1 >> (7 * l)) & 127), j);
    }

    private float IQ2_XS(ReadOnlySpan<byte> b, int i)
    {
        (int ib, int l, int j) = (i / 32, i % 32 / 8, i % 8);
        int q = BlockFormulas.U16(b, 2 + 2 * (4 * ib + l));
        int nibble = l < 2 ? b[66 + ib] & 15 : b[66 + ib] >> 4;
        float scale = BlockFormulas.F16(b, 0) * (0.5f + nibble) * 0.25f;
        return scale * Lane("iq2xs_grid", q & 511, j) * Sign(Ksigns(q >> 9), j);
    }

    private float IQ2_S(ReadOnlySpan<byte> b, int i)
    {
        (int ib, int l, int j) = (i / 32, i % 32 / 8, i % 8);
        int index = b[2 + 4 * ib + l] | ((b[66 + ib] << (8 - 2 * l)) & 0x300);
        int nibble = l < 2 ? b[74 + ib] & 15 : b[74 + ib] >> 4;
        float scale = BlockFormulas.F16(b, 0) * (0.5f + nibble) * 0.25f;
        return scale * Lane("iq2s_grid", index, j) * Sign(b[34 + 4 * ib + l], j);
    }

    private float IQ3_XXS(ReadOnlySpan<byte> b, int i)
    {
        (int ib, int l, int j) = (i / 32, i % 32 / 8, i % 8);
        uint a = BlockFormulas.U32(b, 66 + 4 * ib);
        float scale = BlockFormulas.F16(b, 0) * (0.5f + (a >> 28)) * 0.5f;
        int index = b[2 + 8 * ib + 2 * l + j / 4];
        return scale * Lane("iq3xxs_grid", index, j % 4) * Sign(Ksigns((a >> (7 * l)) & 127), j);
    }

    private float IQ3_S(ReadOnlySpan<byte> b, int i)
    {
        (int ib, int l, int j) = (i / 32, i % 32 / 8, i % 8);
        int nibble = ib % 2 == 0 ? b[106 + ib / 2] & 15 : b[106 + ib / 2] >> 4;
        float scale = BlockFormulas.F16(b, 0) * (1 + 2 * nibble);
        int high = j < 4 ? (b[66 + ib] << (8 - 2 * l)) & 256 : (b[66 + ib] << (7 - 2 * l)) & 256;
        int index = b[2 + 8 * ib + 2 * l + j / 4] | high;
        return scale * Lane("iq3s_grid", index, j % 4) * Sign(b[74 + 4 * ib + l], j);
    }

    private float IQ1_S(ReadOnlySpan<byte> b, int i)
    {
        (int ib, int l, int j) = (i / 32, i % 32 / 8, i % 8);
        int qh = BlockFormulas.U16(b, 34 + 2 * ib);
        float scale = BlockFormulas.F16(b, 0) * (2 * ((qh >> 12) & 7) + 1);
        float delta = (qh & 0x8000) != 0 ? -0.125f : 0.125f;
        return scale * (Lane("iq1s_grid", b[2 + 4 * ib + l] | ((qh >> (3 * l)) & 7) << 8, j) + delta);
    }

    private float IQ1_M(ReadOnlySpan<byte> b, int i)
    {
        (int ib, int l, int j) = (i / 32, i % 32 / 8, i % 8);
        int[] s = new int[4];
        for (int k = 0; k < 4; k++)
            s[k] = BlockFormulas.U16(b, 48 + 2 * k);
        int bits = s[0] >> 12 | (s[1] >> 8 & 0xF0) | (s[2] >> 4 & 0xF00) | (s[3] & 0xF000);
        float d = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
        int shift = 6 * (ib % 2) + (l < 2 ? 0 : 3);
        float scale = d * (2 * ((s[ib / 2] >> shift) & 7) + 1);
        int nibble = b[32 + 2 * ib + l / 2] >> (4 * (l % 2));
        float delta = (nibble & 8) != 0 ? -0.125f : 0.125f;
        return scale * (Lane("iq1s_grid", b[4 * ib + l] | (nibble & 7) << 8, j) + delta);
    }
}
