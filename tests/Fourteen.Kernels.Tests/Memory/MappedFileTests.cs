using Fourteen.Kernels.Memory;
using Xunit;

namespace Fourteen.Kernels.Tests.Memory;

public sealed class MappedFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void MappedFile_OfBytes_ShowsTheBytes()
    {
        byte[] content = new byte[70_001];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(_path, content);

        using MappedFile file = new(_path);

        Assert.Equal(content.Length, file.Length);
        Assert.True(file.Span(0, content.Length).SequenceEqual(content));
        Assert.True(file.Span(69_999, 2).SequenceEqual(content.AsSpan(69_999)));
        Assert.Equal(0, file.Span(70_001, 0).Length);
    }

    [Fact]
    public void Read_OfAnyRange_CopiesTheBytes()
    {
        byte[] content = new byte[70_001];
        new Random(2).NextBytes(content);
        File.WriteAllBytes(_path, content);
        using MappedFile file = new(_path);

        foreach ((int start, int length) in ((int, int)[])[(0, 70_001), (1, 8192), (70_000, 1), (70_001, 0)])
        {
            byte[] read = new byte[length];
            file.Read(file.Address + start, read);
            Assert.True(read.AsSpan().SequenceEqual(content.AsSpan(start, length)), $"{length} bytes at {start}");
        }
    }

    [Fact]
    public void Read_OutsideTheFile_Throws()
    {
        File.WriteAllBytes(_path, new byte[10]);
        using MappedFile file = new(_path);

        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Address - 1, new byte[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Address + 5, new byte[6]));
    }

    [Fact]
    public void Read_OfAFileThatShrank_SaysSo()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody shorten a mapped file.");
        File.WriteAllBytes(_path, new byte[10_000]);
        using MappedFile file = new(_path);
        using (var stream = new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            stream.SetLength(5000);

        Assert.Throws<EndOfStreamException>(() => file.Read(file.Address, new byte[10_000]));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, 11)]
    [InlineData(10, 1)]
    [InlineData(11, 0)]
    [InlineData(long.MaxValue, int.MaxValue)]
    public void Span_OutsideTheFile_Throws(long offset, int length)
    {
        File.WriteAllBytes(_path, new byte[10]);
        using MappedFile file = new(_path);

        Assert.Throws<ArgumentOutOfRangeException>(() => { file.Span(offset, length); });
    }

    [Fact]
    public void MappedFile_OfEmptyFile_IsEmpty()
    {
        File.WriteAllBytes(_path, []);
        using MappedFile file = new(_path);

        Assert.Equal(0, file.Length);
        Assert.Equal(0, file.Address);
        Assert.True(file.Span(0, 0).IsEmpty);
    }

    [Fact]
    public void MappedFile_AfterDispose_RefusesItsAddress()
    {
        File.WriteAllBytes(_path, [1]);
        MappedFile file = new(_path);
        file.Dispose();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Address);
    }

    [Fact]
    public void MappedFile_OfMissingFile_Throws()
    {
        Assert.Throws<FileNotFoundException>(() => { new MappedFile(_path).Dispose(); });
    }
}
