using System.Globalization;
using Fourteen.Engine.Models;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Models;

/// <summary>The types that llama-quantize gives to every tensor, and the bytes of all of them.</summary>
public sealed class QuantMixTests
{
    private const string NoDigits = "no tensor type fallback"; // what the tool says where it refuses

    public static TheoryData<string> Models =>
        ["Qwen3-0.6B", "Qwen3-8B", "Qwen3-14B", "Llama-3.1-8B", "Mistral-7B-v0.3", "SmolLM2-135M"];

    [Theory, MemberData(nameof(Models))]
    public void TypeOf_EveryMatrix_IsWhatLlamaQuantizeWrites(string model)
    {
        ModelShape shape = ModelCatalog.Find(model)!; // The golden names are those of the catalog, in another case.
        Dictionary<string, TensorShape> tensors = TensorShape.Of(shape).ToDictionary(tensor => tensor.Name);
        int rows = 0;

        foreach (string[] row in Rows(SharedFiles.Golden($"quant-mix/{model}.tsv")))
        {
            (string mix, string tensor, string type) = (row[0], row[2], row[3]);
            GgmlType found = Mix(mix).TypeOf(tensors[tensor], shape);
            Assert.True(type == GgmlTypeTraits.Of(found).Name, $"{mix} {tensor}: {type} is wanted, found {found}");
            rows++;
        }

        GoldenCount.Record($"quant-mix/{model}", rows);
    }

    [Fact]
    public void Bytes_OfEveryMix_AreWhatLlamaQuantizeWrites()
    {
        int rows = 0;
        foreach (string[] row in Rows(SharedFiles.Golden("quant-mix/totals.tsv")))
        {
            ModelShape shape = ModelCatalog.Find(row[0])!; // As above.
            QuantMix mix = Mix(row[1]);
            if (row[5].Contains(NoDigits, StringComparison.Ordinal))
            {
                Assert.Throws<RequestException>(() => TotalBytes(shape, mix));
            }
            else
            {
                Assert.Equal((row[0], row[1], long.Parse(row[5], CultureInfo.InvariantCulture)),
                    (row[0], row[1], TotalBytes(shape, mix)));
            }

            rows++;
        }

        GoldenCount.Record("quant-mix/totals", rows);
    }

    [Theory]
    [InlineData("q4_k_m", "Q4_K_M")]
    [InlineData("pure:q4_K", "pure:Q4_K")]
    [InlineData("pure:NVFP4", "pure:NVFP4")]
    public void Find_InAnyCase_GivesTheMix(string name, string found) =>
        Assert.Equal(found, QuantMix.Find(name)?.Name);

    [Theory]
    [InlineData("")]
    [InlineData("Q4_K")]
    [InlineData("pure:Q8_K")]
    [InlineData("pure:I32")]
    [InlineData("pure:")]
    public void Find_WhatIsNoMix_GivesNull(string name) => Assert.Null(QuantMix.Find(name));

    [Fact]
    public void TypeOf_MixtralUnderQ4_K_M_ProtectsValueAndKey()
    {
        ModelShape shape = ModelCatalog.Find("mixtral-8x7b")!; // A name of the table.
        ILookup<string, GgmlType> types = TensorShape.Of(shape)
            .ToLookup(tensor => tensor.Role, tensor => Mix("Q4_K_M").TypeOf(tensor, shape));

        Assert.All(types["attn_v"].Concat(types["attn_k"]), type => Assert.Equal(GgmlType.Q8_0, type));
        Assert.All(types["attn_output"], type => Assert.Equal(GgmlType.Q5_K, type));
        Assert.All(types["ffn_gate_inp"], type => Assert.Equal(GgmlType.F32, type));
    }

    /// <summary>The rows for files without importance matrix; the first row names the columns.</summary>
    private static IEnumerable<string[]> Rows(string path) =>
        from line in File.ReadLines(path).Skip(1)
        let row = line.Split('\t')
        where row.Contains("any") || row.Contains("no")
        where !(row[1] == "yes" || row[2] == "yes")
        select row;

    /// <summary>The tool's pure:Q4_K_M is the base type of that mix in every matrix.</summary>
    private static QuantMix Mix(string name)
    {
        string[] parts = name.Split(':');
        QuantMix? mix = parts.Length == 1
            ? QuantMix.Find(name) : QuantMix.Find($"pure:{GgmlTypeTraits.Of(QuantMix.Find(parts[1])!.Base).Name}");
        return Assert.IsType<QuantMix>(mix);
    }

    private static long TotalBytes(ModelShape shape, QuantMix mix) => TensorShape.Of(shape).Sum(tensor =>
    {
        GgmlTypeTraits traits = GgmlTypeTraits.Of(mix.TypeOf(tensor, shape));
        return tensor.Elements / tensor.Dimensions[0] * traits.RowBytes(tensor.Dimensions[0]);
    });
}
