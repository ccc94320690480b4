using System.Text.Json.Nodes;
using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Models;

/// <summary>Which frequencies a sequence gets when it is admitted, and their numbers.</summary>
public sealed class RopePlanTests
{
    /// <summary>Frequencies of Qwen3 with YaRN ×4 over 32,768: reference/qwen3.md §1.4.</summary>
    [Theory]
    [InlineData(20, 0.013335214321633)]
    [InlineData(23, 0.006978305848599)]
    [InlineData(24, 0.005375321490790)]
    [InlineData(30, 0.001064360981247)]
    [InlineData(35, 0.000246258406909)]
    [InlineData(39, 6.490394320837e-05)]
    [InlineData(40, 4.445698525097e-05)]
    [InlineData(63, 3.102344401879e-07)]
    public void Yarn_OfQwen3TimesFour_HasTheReferencesFrequencies(int pair, double expected)
    {
        RopeFrequencies rope = RopeFrequencies.Yarn(1e6, 128, 4, 32768, 32, 1, 1);
        Assert.Equal(expected, rope.Inverse[pair], expected * 1e-6);
        Assert.Equal(1.138629436, rope.Magnitude, 1e-6);
        Assert.Equal(1.069314718, RopeFrequencies.Yarn(1e6, 128, 2, 32768, 32, 1, 1).Magnitude, 1e-6);
    }

    [Fact]
    public void PerRequest_BySequenceLength_TakesTheSmallestFactorThatFits()
    {
        RopePlan plan = Plan(new RopeOptions { PerRequest = true }, contextLength: 40960u);
        Assert.Equal(32768, plan.NativeContext); // 40,960 counts room for an answer.
        Assert.Equal(131072, plan.ContextMax);
        Assert.Equal(("none", 1), (plan.For(32768).Scaling, plan.For(32768).Factor));
        Assert.Equal(("yarn", 2), (plan.For(32769).Scaling, plan.For(65536).Factor));
        Assert.Equal(4, plan.For(65537).Factor);
        Assert.Same(plan.For(40000), plan.For(50000));
        Assert.Equal(
            RopeFrequencies.Yarn(1e6, 64, 4, 32768, 32, 1, 1).Inverse.ToArray(), plan.For(131072).Inverse.ToArray());
    }

    [Fact]
    public void Choose_PromptAndLimit_DecidesFrequenciesAndRoom()
    {
        RopePlan plan = Plan(new RopeOptions { PerRequest = true }, contextLength: 1000u);
        Assert.Equal((1.0, 1000), Choice(plan, prompt: 400, limit: 600));
        Assert.Equal((2.0, 2000), Choice(plan, prompt: 400, limit: 601));
        // Without a limit the answer is expected to take a quarter of the native context, and ends where that ends.
        Assert.Equal((1.0, 1000), Choice(plan, prompt: 750, limit: null));
        Assert.Equal((2.0, 2000), Choice(plan, prompt: 751, limit: null));
        Assert.Equal((4.0, 4000), Choice(plan, prompt: 3999, limit: int.MaxValue));
        (RopeFrequencies rope, int room) = plan.Choose(100, 10_000, context: 1500);
        Assert.Equal((2.0, 1500), (rope.Factor, room));
    }

    [Fact]
    public void Static_AnyLength_HasTheFactor()
    {
        RopePlan plan = Plan(new RopeOptions { Factor = 3, NativeContext = 512 }, contextLength: 4096u);
        Assert.Equal((3.0, 1536), (plan.For(1).Factor, plan.ContextMax));
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("llama3")]
    public void Options_OnAFileWithAScalingOfItsOwn_AreRefused(string scaling)
    {
        GgufBuilder builder = TinyModel.Builder("qwen3", GgmlType.Q4_0, 1).Set("qwen3.rope.scaling.type", scaling)
            .Set("qwen3.rope.scaling.factor", 2f);
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());
        RequestException refused = Assert.Throws<RequestException>(
            () => ModelConfig.Read(file, new RopeOptions { PerRequest = true }));
        Assert.Contains(scaling, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--yarn", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A native context alone would silently change what the file's own scaling starts from.</summary>
    [Theory]
    [InlineData("none")]
    [InlineData("yarn")]
    [InlineData("llama3")]
    public void NativeContext_WithoutYarn_IsRefused(string scaling)
    {
        GgufBuilder builder = TinyModel.Builder("qwen3", GgmlType.Q4_0, 1).Set("qwen3.rope.scaling.type", scaling)
            .Set("qwen3.rope.scaling.factor", 2f);
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());
        RequestException refused = Assert.Throws<RequestException>(
            () => ModelConfig.Read(file, new RopeOptions { NativeContext = 64 }));
        Assert.Contains("--yarn-original", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_EachScaling_SaysFactorSourceAndNativeContext()
    {
        const string Type = "qwen3.rope.scaling.type";
        (string Key, object Value)[] scaled =
            [(Type, "yarn"), ("qwen3.rope.scaling.factor", 4f), ("qwen3.rope.scaling.original_context_length", 1024u)];
        Assert.Equal("none", Plan(new RopeOptions(), contextLength: 4096u).Describe());
        Assert.Equal(
            "none, native context 32,768 tokens", Plan(new RopeOptions(), contextLength: 40960u).Describe());
        Assert.Equal(
            $"yarn ×4 ({Type}), native context 1,024 tokens", Plan(new RopeOptions(), 4096u, scaled).Describe());
        Assert.Equal(
            $"linear ×8 ({Type})",
            Plan(new RopeOptions(), 4096u, (Type, "linear"), ("qwen3.rope.scaling.factor", 8f)).Describe());
        Assert.Equal(
            "yarn ×4 (--yarn), none to 4,096 tokens",
            Plan(new RopeOptions { PerRequest = true }, contextLength: 4096u).Describe());
        Assert.Equal(
            "yarn ×1.5 (--rope-scale), native context 4,096 tokens",
            Plan(new RopeOptions { Factor = 1.5 }, contextLength: 4096u).Describe());
    }

    /// <summary>Options replace what a file says of YaRN, and reach at least as far as it does.</summary>
    [Fact]
    public void Options_OnAFileWithYarn_ReplaceIt()
    {
        (string Key, object Value)[] scaled =
            [("qwen3.rope.scaling.type", "yarn"), ("qwen3.rope.scaling.factor", 8f),
                ("qwen3.rope.scaling.original_context_length", 1024u)];
        RopePlan asked = Plan(new RopeOptions { PerRequest = true }, 8192u, scaled);
        Assert.Equal([1, 2, 4, 8], new[] { 1024, 1025, 4096, 4097 }.Select(length => asked.For(length).Factor));
        Assert.Equal(8192, asked.ContextMax);
        Assert.Equal(2, Plan(new RopeOptions { Factor = 2 }, 8192u, scaled).For(1).Factor);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    [InlineData(1e9)]
    public void Factor_ThatMakesNoContext_IsRefused(double factor) => Assert.Throws<RequestException>(
        () => Plan(new RopeOptions { Factor = factor }, contextLength: 4096u));

    [Fact]
    public void Read_UnknownScaling_IsRefusedByName()
    {
        GgufBuilder builder = TinyModel.Builder("qwen3", GgmlType.Q4_0, 1).Set("qwen3.rope.scaling.type", "warp");
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());
        ModelFileException refused =
            Assert.Throws<ModelFileException>(() => ModelConfig.Read(file, new RopeOptions()));
        Assert.Contains("warp", refused.Message, StringComparison.Ordinal);
        Assert.Equal("qwen3.rope.scaling.type", refused.Place);
    }

    [Fact]
    public void LongRope_BySequenceLength_TakesTheListOfItsTensors()
    {
        byte[] Factors(float value) =>
            [.. Enumerable.Repeat(BitConverter.GetBytes(value), 32).SelectMany(bytes => bytes)];
        GgufBuilder builder = TinyModel.Builder("phi3", GgmlType.Q4_0, 1)
            .Set("phi3.rope.scaling.original_context_length", 64u).Set("phi3.rope.scaling.attn_factor", 1.5f)
            .AddTensor("rope_factors_short.weight", GgmlType.F32, [32], Factors(2))
            .AddTensor("rope_factors_long.weight", GgmlType.F32, [32], Factors(8));
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());
        RopePlan plan = ModelConfig.Read(file, new RopeOptions()).Rope;
        Assert.Equal(("longrope", 64, 4096), (plan.Scaling, plan.NativeContext, plan.ContextMax));
        Assert.Equal((0.5f, 1.5f), (plan.For(64).Inverse[0], plan.For(64).Magnitude));
        Assert.Equal(0.125f, plan.For(65).Inverse[0]);
        Assert.Equal((1.0, 64.0), (plan.For(64).Factor, plan.For(65).Factor));
        Assert.Equal("longrope ×64 (rope_factors_long.weight), short list to 64 tokens", plan.Describe());
        // The list is chosen by where the answer may come to, and the answer does not outgrow it.
        Assert.Equal((1.0, 64), Choice(plan, prompt: 32, limit: 32));
        Assert.Equal((64.0, 4096), Choice(plan, prompt: 32, limit: 33));
    }

    [Fact]
    public void LongRope_WithYarnAskedFor_IsRefusedByItsTensor()
    {
        byte[] factors = [.. Enumerable.Repeat(BitConverter.GetBytes(2f), 32).SelectMany(bytes => bytes)];
        GgufBuilder builder = TinyModel.Builder("phi3", GgmlType.Q4_0, 1)
            .AddTensor("rope_factors_short.weight", GgmlType.F32, [32], factors)
            .AddTensor("rope_factors_long.weight", GgmlType.F32, [32], factors);
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());
        RequestException refused = Assert.Throws<RequestException>(
            () => ModelConfig.Read(file, new RopeOptions { Factor = 2 }));
        Assert.Contains("longrope (rope_factors_long.weight)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--rope-scale", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.NaN)]
    [InlineData(-1f)]
    [InlineData(1e30f)]
    public void LongRope_FactorsThatDivideByNothing_AreRefused(float value)
    {
        byte[] factors = [.. Enumerable.Repeat(BitConverter.GetBytes(value), 32).SelectMany(bytes => bytes)];
        GgufBuilder builder = TinyModel.Builder("phi3", GgmlType.Q4_0, 1)
            .AddTensor("rope_factors_short.weight", GgmlType.F32, [32], factors)
            .AddTensor("rope_factors_long.weight", GgmlType.F32, [32], factors);
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());
        ModelFileException refused =
            Assert.Throws<ModelFileException>(() => ModelConfig.Read(file, new RopeOptions()));
        Assert.Equal("rope_factors_short.weight", refused.Place);
    }

    /// <summary>The scaling that a file states and the same from options give the same logits to the bit.</summary>
    [Fact]
    public async Task Options_OnAFolderThatStatesNoScaling_GiveTheLogitsOfTheOneThatDoes()
    {
        string golden = Path.GetDirectoryName(SharedFiles.Golden("models/qwen3-yarn-short/config.json"))!; // A file.
        string folder = Directory.CreateTempSubdirectory("fourteen-yarn-").FullName;
        try
        {
            foreach (string file in Directory.GetFiles(golden))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            string configPath = Path.Combine(folder, "config.json");
            JsonObject config = JsonNode.Parse(await File.ReadAllTextAsync(configPath, Token))!.AsObject();
            JsonObject parameters = config["rope_parameters"]!.AsObject();
            config["rope_theta"] = parameters["rope_theta"]!.DeepClone();
            config.Remove("rope_parameters");
            await File.WriteAllTextAsync(configPath, config.ToJsonString(), Token);

            int[] text = [.. Enumerable.Range(0, 100).Select(i => i * 37 % 500)];
            float[] expected = await LastLogits(golden, new RopeOptions(), text);
            Assert.NotEqual(expected, await LastLogits(folder, new RopeOptions(), text));
            var options = new RopeOptions { Factor = 4, NativeContext = 64 };
            Assert.Equal(expected, await LastLogits(folder, options, text));
            // Per request: 100 positions are more than 64 and at most 128; a short text is left unscaled.
            var asked = new RopeOptions { PerRequest = true, NativeContext = 64 };
            Assert.Equal(
                await LastLogits(folder, new RopeOptions { Factor = 2, NativeContext = 64 }, text),
                await LastLogits(folder, asked, text));
            Assert.Equal(
                await LastLogits(folder, new RopeOptions(), text[..64]), await LastLogits(folder, asked, text[..64]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static (double Factor, int Room) Choice(RopePlan plan, int prompt, int? limit)
    {
        (RopeFrequencies rope, int room) = plan.Choose(prompt, limit, plan.ContextMax);
        return (rope.Factor, room);
    }

    private static RopePlan Plan(
        RopeOptions options, uint contextLength, params ReadOnlySpan<(string Key, object Value)> more)
    {
        GgufBuilder builder = TinyModel.Builder("qwen3", GgmlType.Q4_0, 1, more)
            .Set("qwen3.context_length", contextLength);
        using ModelFile file = ModelFile.Open("model.gguf", builder.Build());
        return ModelConfig.Read(file, options).Rope;
    }

    private static async Task<float[]> LastLogits(string path, RopeOptions rope, int[] text)
    {
        using var engine = new InferenceEngine(new EngineOptions(), TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(
            path, new ModelOptions { Precise = true, Rope = rope }, null, Token);
        float[] logits = [];
        await foreach (LogitsRow row in engine.LogitsAsync(model, text, [text.Length - 1], 512, Token))
            logits = [.. row.Logits];
        return logits;
    }
}
