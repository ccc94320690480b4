using Fourteen.Kernels.Memory;
using Xunit;

namespace Fourteen.Kernels.Tests.Memory;

public sealed class AlignedBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(1_000_003)]
    [InlineData(9_000_001)] // of huge pages, where the system has them
    public void AlignedBuffer_Zeroed_IsAlignedAndClear(int bytes)
    {
        using AlignedBuffer buffer = new(bytes, zeroed: true);

        Assert.Equal(0, buffer.Address % AlignedBuffer.Alignment);
        Assert.Equal(bytes, buffer.Length);
        Assert.False(buffer.Span(0, bytes).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void AlignedBuffer_Written_KeepsTheBytes()
    {
        using AlignedBuffer buffer = new(100, zeroed: false);
        buffer.Span(10, 5).Fill(7);

        Assert.True(buffer.Span(10, 5).SequenceEqual((byte[])[7, 7, 7, 7, 7]));
    }

    [Fact]
    public void AlignedBuffer_OutsideItsLength_Throws()
    {
        using AlignedBuffer buffer = new(100, zeroed: false);

        Assert.Throws<ArgumentOutOfRangeException>(() => { buffer.Span(99, 2); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { buffer.Span(-1, 1); });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AlignedBuffer(-1, zeroed: false));
    }

    [Fact]
    public void AlignedBuffer_AfterDispose_RefusesItsAddress()
    {
        AlignedBuffer buffer = new(10, zeroed: false);
        buffer.Dispose();
        buffer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => buffer.Address);
    }
}
