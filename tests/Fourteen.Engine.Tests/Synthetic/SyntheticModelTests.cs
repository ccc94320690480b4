using Fourteen.Engine.Gguf;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Engine.Synthetic;
using Fourteen.Engine.Tokenizers;
using Fourteen.Formats;
using Fourteen.Kernels.Quantization;
using Xunit;

namespace Fourteen.Engine.Tests.Synthetic;

public sealed class SyntheticModelTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    /// <summary>A shape whose rows fit every type, and whose last piece of random bytes is not a whole one.</summary>
    private static readonly ModelShape Tiny = ModelCatalog.Find("qwen3-0.6b")! with // A name of the table.
    {
        Name = "tiny",
        Layers = 2,
        Hidden = 256,
        FeedForward = 512,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 64,
        Vocabulary = 1000,
        Context = 256,
    };

    private static readonly ModelShape TinyExperts = Tiny with
    {
        Architecture = "qwen3moe",
        Tied = false,
        Experts = 4,
        ExpertsUsed = 2,
        FeedForward = 256,
    };

    private static readonly ModelShape TinyLlama = Tiny with { Architecture = "llama", Tied = false, RopeFactor = 8 };

    public static TheoryData<string> Mixes =>
    [
        .. QuantMix.All.Select(mix => mix.Name),
        .. GgmlTypeTraits.All.Select(row => $"pure:{row.Type}").Where(name => QuantMix.Find(name) is not null),
    ];

    [Theory, MemberData(nameof(Mixes))]
    public void Values_OfEveryType_AreFiniteAndOfTheWantedSize(string mix)
    {
        // Scales have few bits in some types, and those of two exponents are the nearest power of two.
        const double Factor = 2.5;
        using ModelFile file = Model(Tiny, mix).Open();

        IEnumerable<TensorEntry> layer =
            file.Tensors.All.Where(tensor => tensor.Name.StartsWith("blk.0.", StringComparison.Ordinal));
        Assert.All(layer, tensor =>
        {
            float[] values = Values(tensor);
            if (tensor.Dimensions.Length == 1)
            {
                Assert.All(values, value => Assert.Equal(1, value));
                return;
            }

            double rms = Math.Sqrt(values.Average(value => (double)value * value));
            double wanted = 1 / Math.Sqrt(tensor.Columns);
            Assert.True(values.All(float.IsFinite), tensor.Name);
            Assert.InRange(rms, wanted / Factor, wanted * Factor);
        });
    }

    [Theory]
    [InlineData("Q4_K_M")]
    [InlineData("Q2_K")]
    [InlineData("Q8_0")]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("IQ4_XS")]
    [InlineData("TQ1_0")]
    [InlineData("Q1_0")]
    public async Task Engine_ComputesFiniteLogits(string mix)
    {
        foreach (ModelShape shape in (ModelShape[])[Tiny, TinyExperts, TinyLlama])
        {
            using var engine = new InferenceEngine(new EngineOptions { Threads = 2 }, TimeProvider.System);
            LoadedModel model = await engine.LoadAsync(
                Model(shape, mix).Open(), new ModelOptions(), null, Cancellation);
            List<LogitsRow> rows = [];
            await foreach (LogitsRow row in engine.LogitsAsync(model, [1, 2, 3], [0, 2], 8, Cancellation))
                rows.Add(row);

            Assert.Equal(2, rows.Count);
            Assert.All(rows, row => Assert.All(row.Logits, logit => Assert.InRange(logit, -1e3f, 1e3f)));
            Assert.True(rows[0].Logits.Distinct().Count() > 500, "logits differ from token to token");
        }
    }

    [Theory]
    [InlineData("Q4_K_M")]
    [InlineData("Q6_K")]
    [InlineData("pure:MXFP4")]
    [InlineData("F32")]
    public async Task WrittenFile_HoldsTheSameModel_ToTheBit(string mix)
    {
        foreach (ModelShape shape in (ModelShape[])[Tiny, TinyExperts, TinyLlama])
        {
            using ModelFile made = Model(shape, mix).Open();
            using ModelFile read = ModelFile.Open("written", await WriteAsync(Model(shape, mix)));

            Assert.Equal(
                made.Tensors.All.Select(tensor => (tensor.Name, tensor.Type, string.Join(',', tensor.Dimensions))),
                read.Tensors.All.Select(tensor => (tensor.Name, tensor.Type, string.Join(',', tensor.Dimensions))));
            Assert.All(made.Tensors.All.Zip(read.Tensors.All), pair =>
                Assert.True(Values(pair.First).SequenceEqual(Values(pair.Second)), pair.First.Name));
            Assert.All(made.Metadata.Keys, key =>
                Assert.Equal(made.Metadata.FindValue(key), read.Metadata.FindValue(key)));
        }
    }

    [Fact]
    public async Task WrittenFile_HasAVocabulary_ThatEncodesAnyText()
    {
        const string Text = "\0Any text: naïve 世界\n";
        using ModelFile file = ModelFile.Open("written", await WriteAsync(Model(Tiny, "Q8_0")));

        ModelText text = ModelText.Read(file);
        int[] ids = text.Tokenizer.Encode(Text, AddedTokens.All);

        Assert.Equal(Tiny.Vocabulary, text.Tokenizer.VocabularySize);
        Assert.Equal(Text, text.Tokenizer.Decode(ids, skipSpecial: false));
        Assert.True(ids[0] >= 256, "the first merges are of the byte 0 with each other byte");
        Assert.Equal([997, 999], text.EndTokens);
    }

    [Fact]
    public void Tensor_AfterItsRelease_IsMadeAgainWithTheSameBytes()
    {
        using ModelFile file = Model(Tiny, "Q4_K_M").Open();
        TensorEntry tensor = file.RequireTensor("blk.1.ffn_up.weight");
        float[] before = Values(tensor);
        nint address = tensor.Address;

        Assert.Equal(address, tensor.Address);
        file.Release(tensor);
        Assert.Equal(before, Values(tensor));
    }

    [Fact]
    public void Seeds_AreOtherWeights()
    {
        using ModelFile one = Model(Tiny, "Q8_0").Open();
        using ModelFile other = new SyntheticModel(Tiny, QuantMix.Find("Q8_0")!, 2).Open(); // A name of the table.

        Assert.NotEqual(Values(one.Tensors.All[0]), Values(other.Tensors.All[0]));
    }

    [Theory]
    [InlineData("qwen3-14c:Q4_K_M", "qwen3-14b")]
    [InlineData("qwen3-14b", "Q4_K_M")]
    [InlineData("qwen3-14b:Q4_K", "pure:")]
    [InlineData(":", "qwen3-14b")]
    public void Parse_WhatIsUnknown_SaysWhatIsKnown(string text, string said)
    {
        RequestException refusal = Assert.Throws<RequestException>(() => SyntheticModel.Parse(text, 1));

        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_RowsThatNoTypeFits_IsRefused()
    {
        RequestException refusal = Assert.Throws<RequestException>(() => SyntheticModel.Parse("smollm2-135m:Q1_0", 1));

        Assert.Contains("multiple of the 128 elements", refusal.Message, StringComparison.Ordinal);
    }

    private static SyntheticModel Model(ModelShape shape, string mix) => new(shape, QuantMix.Find(mix)!, seed: 1);

    private static async Task<byte[]> WriteAsync(SyntheticModel model)
    {
        var stream = new MemoryStream();
        await model.WriteAsync(stream, null, Cancellation);
        return stream.ToArray();
    }

    private static float[] Values(TensorEntry tensor)
    {
        float[] values = new float[tensor.Elements];
        Dequantizer.Row(tensor.Type, tensor.Address, values);
        return values;
    }
}
