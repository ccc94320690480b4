using System.Diagnostics;
using System.Text;
using Fourteen.Engine.Gguf;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Gguf;

/// <summary>The broken files of <c>golden/cases</c> (area "loading") and others of their kinds.</summary>
public sealed class LoadingCasesTests
{
    // What the message must say, by file. A file that is not listed must still be refused.
    private static readonly Dictionary<string, string[]> Words = new()
    {
        ["bad-zerodim.gguf"] = ["t:", "dimension 1"],
        ["bad-zerodim1.gguf"] = ["t:", "dimension 0"],
        ["bad-keylen.gguf"] = ["key", "9223372036854775807"],
        ["bad-nkv.gguf"] = ["metadata keys", "2305843009213693952"],
        ["bad-ntensors.gguf"] = ["tensors", "2305843009213693952"],
        ["bad-array.gguf"] = ["tokenizer.ggml.scores", "4611686018427387904"],
        ["bad-nesting.gguf"] = ["arrays of arrays"],
        ["bad-ndims.gguf"] = ["t:", "dimensions", "1000000"],
        ["bad-dims-wrap.gguf"] = ["t:", "4294967296", "overflow"],
        ["bad-dims-wrap2.gguf"] = ["t:", "4611686018427387905", "overflow"],
        ["bad-offset.gguf"] = ["t:", "offset", "18446744073709551584"],
        ["bad-type.gguf"] = ["t:", "type", "9999"],
        ["bad-bigendian.gguf"] = ["big-endian"],
        ["bad-truncated.gguf"] = ["truncated", "5149664", "5145568", "first tensor", "blk.3.attn_v.weight"],
        ["lfs-pointer.gguf"] = ["Git LFS pointer", "git lfs pull"],
    };

    [Fact]
    public void Open_BrokenFile_SaysWhatIsWrong()
    {
        string folder = SharedFiles.Golden("cases/files");
        string[] paths = Directory.GetFiles(folder, "*.gguf");
        Assert.True(paths.Length >= 14, $"only {paths.Length} files in {folder}");
        List<string> failures = [];
        foreach (string path in paths)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            string message = Assert.Throws<ModelFileException>(() => GgufFile.Open(path)).Message;
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000_000, path);
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), $"{path}: no end");
            string[] words = Words.GetValueOrDefault(Path.GetFileName(path), []);
            string[] missing = [.. words.Where(word => !message.Contains(word, StringComparison.Ordinal))];
            if (missing.Length > 0)
                failures.Add($"\"{message}\" lacks {string.Join(", ", missing)}");
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("<!DOCTYPE html><html><head><title>404</title>", "web page")]
    [InlineData("\ufeff\r\n  <html>", "web page")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer")]
    [InlineData("{\"error\":\"Repository not found\"}", "JSON")]
    [InlineData("PK\u0003\u0004aaaaaaaaaaaaaaaaaaa", "zip")]
    [InlineData("\u0010\0\0\0\0\0\0\0{\"a\":{}}        ", "safetensors")]
    [InlineData("tjgg\u0003\0\0\0\0\0\0\0", "old ggml")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0", "zeros")]
    [InlineData("hello world, this is no model", "68656c6c6f20776f")]
    [InlineData("GGU", "474755")]
    [InlineData("GGUF", "truncated")]
    [InlineData("GGUF\u0001\0\0\0\0\0\0\0\0\0\0\0", "version 1")]
    [InlineData("GGUF\u0004\0\0\0\0\0\0\0\0\0\0\0", "version 4")]
    public void Open_OtherContent_SaysWhatItIs(string content, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content);

        string message = Assert.Throws<ModelFileException>(() => GgufFile.Open("model.gguf", bytes)).Message;

        Assert.StartsWith("model.gguf: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WrongPath_SaysSo()
    {
        string folder = Path.GetTempPath();

        Assert.Contains("no such file", Assert.Throws<ModelFileException>(
            () => GgufFile.Open(Path.Combine(folder, "no", "such.gguf"))).Message, StringComparison.Ordinal);
        Assert.Contains("folder", Assert.Throws<ModelFileException>(
            () => GgufFile.Open(folder)).Message, StringComparison.Ordinal);
    }
}
