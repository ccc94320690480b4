using System.Diagnostics;
using Fourteen.Engine.Gguf;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Gguf;

public sealed class GgufFuzzTests
{
    private const int Inputs = 3000;
    private const int Seed = 14;

    [Fact]
    public void Open_BrokenFile_GivesResultOrOurException()
    {
        GgufMutator mutator = new(GgufBuilder.Sample(), Seed);
        GgufFile.Open("warm-up", GgufBuilder.Sample().Build()).Dispose();
        int valid = 0;
        int refused = 0;
        for (int i = 0; i < Inputs; i++)
        {
            byte[] input = mutator.Next();
            long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            if (TryRead(input, i))
                valid++;
            else
                refused++;
            long allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
            // One-byte integers become longs, and a tensor info of 12 bytes gets a place in three tables; the constant
            // is the exception with its stack trace.
            Assert.True(allocated < 40L * input.Length + 64_000, $"seed {Seed}, input {i}: {allocated} bytes");
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5), $"seed {Seed}, input {i}: too slow");
        }

        Assert.True(valid > 50, $"only {valid} inputs were still valid, so the mutations are too crude");
        Assert.True(refused > 1000, $"only {refused} inputs were refused");
    }

    private static bool TryRead(byte[] input, int index)
    {
        try
        {
            using GgufFile file = GgufFile.Open("input", input);
            foreach (TensorEntry tensor in file.Tensors.All)
            {
                long end = tensor.Address + tensor.Bytes;
                Assert.True(tensor.Bytes > 0 && tensor.Elements > 0 && end > tensor.Address, $"input {index}");
                Assert.True(tensor.Bytes < input.Length, $"seed {Seed}, input {index}: {tensor.Bytes} bytes");
            }

            return true;
        }
        catch (ModelFileException e)
        {
            Assert.StartsWith("input: ", e.Message, StringComparison.Ordinal);
            Assert.True(e.Message.Length < 1000 && !e.Message.Any(char.IsControl), $"seed {Seed}, input {index}");
            return false;
        }
    }
}
