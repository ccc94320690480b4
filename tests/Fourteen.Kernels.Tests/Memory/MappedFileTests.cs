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
    public void TryRelease_OfARange_LeavesItsBytesReadable()
    {
        byte[] content = new byte[70_001];
        new Random(2).NextBytes(content);
        File.WriteAllBytes(_path, content);
        using MappedFile file = new(_path);

        Assert.True(file.TryRelease(file.Address + 1000, 60_000));
        Assert.True(file.TryRelease(file.Address, content.Length));
        Assert.True(file.TryRelease(file.Address + 5, 1));
        Assert.True(file.Span(0, content.Length).SequenceEqual(content));
    }

    [Fact]
    public void TryRelease_OfARangeOutside_TouchesNothing()
    {
        File.WriteAllBytes(_path, new byte[10_000]);
        using MappedFile file = new(_path);

        Assert.False(file.TryRelease(file.Address - 1, 10));
        Assert.False(file.TryRelease(file.Address + 10_001, 0));
        Assert.False(file.TryRelease(file.Address + 1, 10_000));
        Assert.False(file.TryRelease(file.Address, -1));
        Assert.False(file.TryRelease(file.Address + 5, long.MaxValue));
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
