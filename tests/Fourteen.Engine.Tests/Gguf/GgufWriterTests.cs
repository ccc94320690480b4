using Fourteen.Engine.Gguf;
using Fourteen.Formats;
using Xunit;

namespace Fourteen.Engine.Tests.Gguf;

public sealed class GgufWriterTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private static readonly Dictionary<string, object> EveryKind = new()
    {
        ["a.byte"] = (byte)200,
        ["a.sbyte"] = (sbyte)-3,
        ["a.ushort"] = (ushort)60_000,
        ["a.short"] = (short)-9,
        ["a.uint"] = 4_000_000_000,
        ["a.int"] = -70_000,
        ["a.float"] = 0.5f,
        ["a.bool"] = true,
        ["a.string"] = "löng",
        ["a.ulong"] = 1UL << 40,
        ["a.long"] = -(1L << 40),
        ["a.double"] = 0.1,
        ["b.strings"] = (string[])["", "世界"],
        ["b.integers"] = (int[])[-1, 2],
        ["b.floats"] = (float[])[0.25f],
        ["b.bools"] = (bool[])[true, false],
        ["b.none"] = Array.Empty<long>(),
    };

    [Fact]
    public async Task File_WithEveryKindOfValue_IsReadBack()
    {
        byte[] small = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]; // a block of Q4_0
        byte[] large = new byte[2 * 3 * 34];
        Random.Shared.NextBytes(large);
        var stream = new MemoryStream();
        var writer = new GgufWriter(
            stream, [new("small", GgmlType.Q4_0, [32]), new("large", GgmlType.Q8_0, [32, 2, 3])]);

        await writer.WriteHeadAsync(EveryKind, Cancellation);
        await writer.WriteAsync(small, Cancellation);
        await writer.WriteAsync(large.AsMemory(0, 50), Cancellation);
        await writer.WriteAsync(large.AsMemory(50), Cancellation);
        await writer.FinishAsync(Cancellation);

        byte[] content = stream.ToArray();
        using GgufFile file = GgufFile.Open("written", content);
        Assert.Equal(3, file.Version);
        Assert.Equal(EveryKind.Keys, file.Metadata.Keys);
        Assert.Equal(200L, file.Metadata.FindValue("a.byte"));
        Assert.Equal(-3L, file.Metadata.FindValue("a.sbyte"));
        Assert.Equal(4_000_000_000L, file.Metadata.FindValue("a.uint"));
        Assert.Equal(-(1L << 40), file.Metadata.FindValue("a.long"));
        Assert.Equal(0.5, file.Metadata.FindValue("a.float"));
        Assert.Equal(0.1, file.Metadata.FindValue("a.double"));
        Assert.Equal(true, file.Metadata.FindValue("a.bool"));
        Assert.Equal("löng", file.Metadata.FindValue("a.string"));
        Assert.Equal((string[])["", "世界"], file.Metadata.FindValue("b.strings"));
        Assert.Equal((long[])[-1, 2], file.Metadata.FindValue("b.integers"));
        Assert.Equal((bool[])[true, false], file.Metadata.FindValue("b.bools"));
        Assert.Equal([32L, 2L, 3L], file.Tensors.All[1].Dimensions);
        Assert.Equal(0, content.Length % 32);
        Assert.Equal(large, content[^224..^20]); // The last tensor: 204 bytes, padded to 224.
        Assert.Equal(small, content[^256..^238]);
    }

    [Fact]
    public async Task Tensor_WithTooManyBytes_IsRefused()
    {
        var writer = new GgufWriter(new MemoryStream(), [new("t", GgmlType.F32, [1])]);
        await writer.WriteHeadAsync([], Cancellation);

        await Assert.ThrowsAsync<ArgumentException>(() => writer.WriteAsync(new byte[5], Cancellation));
    }

    [Fact]
    public async Task Finish_WithTooFewBytes_IsRefused()
    {
        var writer = new GgufWriter(new MemoryStream(), [new("t", GgmlType.F32, [1])]);
        await writer.WriteHeadAsync([], Cancellation);
        await writer.WriteAsync(new byte[3], Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.FinishAsync(Cancellation));
    }

    public static TheoryData<string, int, long> BadTensors => new()
    {
        { new string('n', 64), (int)GgmlType.F32, 1 },
        { "t", (int)GgmlType.Q4_0, 33 },
        { "t", (int)GgmlType.F32, 0 },
    };

    [Theory, MemberData(nameof(BadTensors))]
    public async Task Tensor_ThatNoFileHolds_IsRefused(string name, int type, long columns)
    {
        var writer = new GgufWriter(new MemoryStream(), [new(name, (GgmlType)type, [columns])]);

        await Assert.ThrowsAsync<ArgumentException>(() => writer.WriteHeadAsync([], Cancellation));
    }

    [Fact]
    public async Task Value_OfNoGgufType_IsRefused()
    {
        var writer = new GgufWriter(new MemoryStream(), []);
        Dictionary<string, object> values = new() { ["a.decimal"] = 1m };

        ArgumentException refusal = await Assert.ThrowsAsync<ArgumentException>(
            () => writer.WriteHeadAsync(values, Cancellation));
        Assert.Contains("a.decimal", refusal.Message, StringComparison.Ordinal);
    }
}
