using System.IO.Compression;
using Fourteen.Engine.Gguf;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Gguf;

/// <summary>Files built for the test: values of every type, tensors in place, rules that a file may break.</summary>
public sealed class GgufContentTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Open_ValuesOfEveryType_ReadsThem(int version)
    {
        GgufBuilder builder = GgufBuilder.Sample();
        builder.Version = (uint)version;
        byte[] content = builder.Build();
        using GgufFile file = GgufFile.Open("a.gguf", content);
        GgufMetadata metadata = file.Metadata;

        Assert.Equal(version, file.Version);
        Assert.Equal(content.Length, file.FileBytes);
        Assert.Equal(200L, metadata.FindValue("a.byte"));
        Assert.Equal(-3L, metadata.FindValue("a.sbyte"));
        Assert.Equal(60_000L, metadata.FindValue("a.ushort"));
        Assert.Equal(-9L, metadata.FindValue("a.short"));
        Assert.Equal(-70_000L, metadata.FindValue("a.int"));
        Assert.Equal(0.5, metadata.FindValue("a.float"));
        Assert.Equal(true, metadata.FindValue("a.bool"));
        Assert.Equal(1L << 40, metadata.FindValue("a.ulong"));
        Assert.Equal(-(1L << 40), metadata.FindValue("a.long"));
        Assert.Equal(0.1, metadata.FindValue("a.double"));
        Assert.Equal((string[])["a", "b", "", "löng", "<|end|>", "ab"], metadata.FindStrings("tokenizer.ggml.tokens"));
        Assert.Equal((double[])[1, 2, 3, 4, 5, 6], metadata.FindFloats("tokenizer.ggml.scores"));
        Assert.Equal((long[])[1, 1, 1, 1, 3, 1], metadata.FindIntegers("tokenizer.ggml.token_type"));
        Assert.Equal((bool[])[true, false], metadata.FindValue("b.bools"));
        Assert.Equal((double[])[0.25], metadata.FindFloats("b.doubles"));
        Assert.Equal((long[])[1, 255], metadata.FindIntegers("b.bytes"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(4096)]
    public unsafe void Open_TensorsAtAnyAlignment_FindsTheirBytes(int alignment)
    {
        GgufBuilder builder = new() { Alignment = alignment };
        builder.Add("general.alignment", (uint)alignment);
        for (byte i = 1; i <= 3; i++)
            builder.AddTensor($"t{i}", GgmlType.I8, [i * 7], [.. Enumerable.Repeat(i, i * 7)]);
        using GgufFile file = GgufFile.Open("a.gguf", builder.Build());

        for (byte i = 1; i <= 3; i++)
        {
            Assert.True(file.Tensors.TryFind($"t{i}", out TensorEntry? tensor));
            Assert.Equal(i * 7, tensor.Bytes);
            Assert.Equal(Enumerable.Repeat(i, i * 7), new ReadOnlySpan<byte>((void*)tensor.Address, i * 7).ToArray());
        }
    }

    [Fact]
    public void Open_InvalidUtf8_IsReplaced()
    {
        byte[] content = new GgufBuilder().Add("key", "ab").Build();
        content[^1] = 0xFF;
        using GgufFile file = GgufFile.Open("a.gguf", content);

        Assert.Equal("a\ufffd", file.Metadata.FindString("key"));
    }

    [Fact]
    public void Open_GzipFile_IsUnpacked()
    {
        byte[] content = GgufBuilder.Sample().Build();
        using TemporaryFolder folder = new();
        string path = folder.File("a.gguf.gz");
        using (GZipStream gzip = new(File.Create(path), CompressionLevel.Fastest))
            gzip.Write(content);
        using (GgufFile file = GgufFile.Open(path))
            Assert.Equal(content.Length, file.FileBytes);

        byte[] packed = File.ReadAllBytes(path);
        File.WriteAllBytes(path, packed[..(packed.Length / 2)]);
        Assert.Contains("truncated", Refusal(() => GgufFile.Open(path)), StringComparison.Ordinal);
        packed[^6] ^= 1; // The checksum.
        File.WriteAllBytes(path, packed);
        Assert.Contains("gzip data is damaged", Refusal(() => GgufFile.Open(path)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, "Q4_2")]
    [InlineData(5, "Q4_3")]
    [InlineData(32, "removed")]
    [InlineData(36, "removed")]
    [InlineData(140, "ik_llama.cpp")]
    [InlineData(4_000_000_000, "unknown")]
    public void Open_TypeThatIsNone_NamesIt(long type, string expected)
    {
        byte[] content = new GgufBuilder().AddTensor("t", (uint)type, [32], new byte[32], null).Build();

        string message = Refusal(() => GgufFile.Open("a.gguf", content));

        Assert.StartsWith($"a.gguf: t: the tensor type {type} ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_BrokenRule_SaysWhich()
    {
        byte[] q8 = new byte[34];
        Refuses("multiple of 32", new GgufBuilder().AddTensor("t", GgmlType.Q8_0, [33], q8));
        Refuses("occurs twice", new GgufBuilder().Add("k", 1u).Add("k", 2u));
        Refuses("occurs twice",
            new GgufBuilder().AddTensor("t", GgmlType.Q8_0, [32], q8).AddTensor("t", GgmlType.Q8_0, [32], q8));
        Refuses("power of two, found 24", new GgufBuilder().Add("general.alignment", 24u));
        Refuses("power of two, found 0", new GgufBuilder().Add("general.alignment", 0u));
        Refuses("must hold an integer", new GgufBuilder().Add("general.alignment", "32"));
        Refuses("multiple of the alignment 32, found 8", new GgufBuilder().AddTensor("t", 0, [2], new byte[64], 8));
        Refuses("1 to 4 dimensions, found 5", new GgufBuilder().AddTensor("t", 0, [1, 1, 1, 1, 1], new byte[4], null));
        Refuses("1 to 4 dimensions, found 0", new GgufBuilder().AddTensor("t", 0, [], new byte[4], null));
        Refuses("64", new GgufBuilder().AddTensor(new string('n', 65), GgmlType.Q8_0, [32], q8));
        Refuses("truncated", new GgufBuilder().AddTensor("t", 0, [64], new byte[255], null));
        Refuses("integers above", new GgufBuilder().Add("k", ulong.MaxValue));
        GgufFile.Open("a.gguf", new GgufBuilder().AddTensor(new string('n', 64), GgmlType.Q8_0, [32], q8).Build())
            .Dispose();
    }

    private static void Refuses(string expected, GgufBuilder builder) => Assert.Contains(
        expected, Refusal(() => GgufFile.Open("a.gguf", builder.Build())), StringComparison.Ordinal);

    private static string Refusal(Func<GgufFile> open) => Assert.Throws<ModelFileException>(open).Message;
}
