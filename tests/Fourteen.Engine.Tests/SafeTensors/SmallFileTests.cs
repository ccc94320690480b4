using System.IO.Compression;
using Fourteen.Engine.SafeTensors;
using Xunit;

namespace Fourteen.Engine.Tests.SafeTensors;

public sealed class SmallFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void Read_PlainOrGzipped_GivesTheBytes(int length)
    {
        byte[] content = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];
        File.WriteAllBytes(_path, content);
        Assert.Equal(content, SmallFile.Read(_path, length));

        File.WriteAllBytes(_path, Pack(content));
        Assert.Equal(content, SmallFile.Read(_path, Math.Max(length, 1000)));
    }

    [Fact]
    public void Read_MoreThanTheLimit_IsRefusedWithoutTheMemoryForIt()
    {
        byte[] bomb = Pack(new byte[64 << 20]);
        Assert.True(bomb.Length < 100_000, $"{bomb.Length} bytes");
        File.WriteAllBytes(_path, bomb);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("at most 100000 bytes", Refusal(100_000), StringComparison.Ordinal);

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 1_000_000, $"{allocated} bytes");
        File.WriteAllBytes(_path, new byte[1001]);
        Assert.Contains("at most 1000 bytes", Refusal(1000), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DamagedGzip_SaysSo()
    {
        byte[] packed = Pack([.. Enumerable.Range(0, 5000).Select(i => (byte)(i * i))]);
        packed[40] ^= 0xFF;
        File.WriteAllBytes(_path, packed);

        Assert.Contains("gzip data is damaged", Refusal(1 << 20), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhatIsNoFile_SaysWhich() =>
        Assert.StartsWith(
            Path.GetTempPath(),
            Assert.Throws<ModelFileException>(() => SmallFile.Read(Path.GetTempPath(), 10)).Message,
            StringComparison.Ordinal);

    private string Refusal(int bytesMax) =>
        Assert.Throws<ModelFileException>(() => SmallFile.Read(_path, bytesMax)).Message;

    private static byte[] Pack(byte[] content)
    {
        var packed = new MemoryStream();
        using (GZipStream gzip = new(packed, CompressionLevel.Optimal))
            gzip.Write(content);
        return packed.ToArray();
    }
}
