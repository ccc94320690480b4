using Fourteen.Engine.Models;
using Xunit;

namespace Fourteen.Engine.Tests.Models;

public sealed class ModelCatalogTests
{
    /// <summary>Parameters as the models' reports and cards count them.</summary>
    public static TheoryData<string, long> PublishedParameters => new()
    {
        { "qwen3-0.6b", 596_049_920 },
        { "qwen3-1.7b", 1_720_574_976 },
        { "qwen3-4b", 4_022_468_096 },
        { "qwen3-8b", 8_190_735_360 },
        { "qwen3-14b", 14_768_307_200 },
        { "qwen3-32b", 32_762_123_264 },
        { "qwen3-30b-a3b", 30_532_122_624 },
        { "qwen3-235b-a22b", 235_093_634_560 },
    };

    [Theory, MemberData(nameof(PublishedParameters))]
    public void Tensors_OfAShape_HaveThePublishedParameters(string name, long parameters)
    {
        ModelShape shape = ModelCatalog.Find(name)!; // A name of the table.

        Assert.Equal(parameters, TensorShape.Of(shape).Sum(tensor => tensor.Elements));
    }

    [Theory]
    [InlineData("llama-3.2-1b", 1.236)]
    [InlineData("llama-3.2-3b", 3.213)]
    [InlineData("llama-3.1-8b", 8.030)]
    [InlineData("llama-3.1-70b", 70.554)]
    [InlineData("mistral-7b-v0.3", 7.248)]
    [InlineData("mixtral-8x7b", 46.703)]
    public void Tensors_OfAShape_HaveThePublishedBillions(string name, double billions)
    {
        ModelShape shape = ModelCatalog.Find(name)!; // A name of the table.

        Assert.Equal(billions, Math.Round(TensorShape.Of(shape).Sum(tensor => tensor.Elements) / 1e9, 3));
    }

    [Fact]
    public void Names_OfTheCatalog_AreUniqueAndFoundInAnyCase()
    {
        Assert.Equal(ModelCatalog.All.Count, ModelCatalog.All.DistinctBy(shape => shape.Name).Count());
        Assert.All(ModelCatalog.All, shape => Assert.Same(shape, ModelCatalog.Find(shape.Name.ToUpperInvariant())));
        Assert.Null(ModelCatalog.Find("qwen3"));
    }
}
