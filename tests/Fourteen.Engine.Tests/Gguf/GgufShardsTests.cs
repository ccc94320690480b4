using Fourteen.Engine.Gguf;
using Fourteen.Formats;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Gguf;

public sealed class GgufShardsTests
{
    [Fact]
    public void Open_FirstShard_FindsTheOthers()
    {
        using TemporaryFolder folder = new();
        for (int i = 0; i < 3; i++)
            Write(folder, $"m-{i + 1:D5}-of-00003.gguf", Shard(i, tensor: i == 0 ? null : $"t{i}"));

        using GgufFile file = GgufFile.Open(folder.File("m-00001-of-00003.gguf"));

        Assert.Equal(["t1", "t2"], file.Tensors.All.Select(tensor => tensor.Name));
        Assert.True(file.FileBytes > 2 * 64);
        Assert.Equal("qwen3", file.Metadata.FindString("general.architecture"));
    }

    [Fact]
    public void Open_OtherShard_SaysToOpenTheFirst()
    {
        using TemporaryFolder folder = new();
        Write(folder, "m-00002-of-00003.gguf", Shard(1, "t1"));

        Assert.Contains("open m-00001-of-00003.gguf instead",
            Refusal(folder, "m-00002-of-00003.gguf"), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShardsThatDoNotFit_SaysWhy()
    {
        using TemporaryFolder folder = new();
        const string First = "m-00001-of-00003.gguf";
        Write(folder, First, Shard(0, null));
        Write(folder, "m-00002-of-00003.gguf", Shard(1, "t1"));
        Assert.Contains("m-00003-of-00003.gguf is not beside", Refusal(folder, First), StringComparison.Ordinal);

        Write(folder, "m-00003-of-00003.gguf", Shard(1, "t2"));
        Assert.Contains("split.no 2, found 1", Refusal(folder, First), StringComparison.Ordinal);
        Write(folder, "m-00003-of-00003.gguf", Shard(2, "t2", count: 4));
        Assert.Contains("says 3 files, this one says 4", Refusal(folder, First), StringComparison.Ordinal);
        Write(folder, "m-00003-of-00003.gguf", Shard(2, "t1"));
        Assert.Contains("t1: a tensor of this name is in an earlier", Refusal(folder, First), StringComparison.Ordinal);
        Write(folder, "m-00003-of-00003.gguf", Shard(2, null));
        Assert.Contains("must hold 2 tensors, found 1", Refusal(folder, First), StringComparison.Ordinal);
        Write(folder, "m-00003-of-00003.gguf", new GgufBuilder());
        Assert.Contains("split.no", Refusal(folder, First), StringComparison.Ordinal);
        Write(folder, "renamed.gguf", Shard(0, null));
        Assert.Contains("must be named NAME-00001-of-00003.gguf", Refusal(folder, "renamed.gguf"),
            StringComparison.Ordinal);
    }

    private static GgufBuilder Shard(int index, string? tensor, int count = 3)
    {
        GgufBuilder builder = new();
        if (index == 0)
            builder.Add("general.architecture", "qwen3");
        builder.Add("split.no", (ushort)index).Add("split.count", (ushort)count).Add("split.tensors.count", 2);
        return tensor is null ? builder : builder.AddTensor(tensor, GgmlType.F32, [16], new byte[64]);
    }

    private static void Write(TemporaryFolder folder, string name, GgufBuilder builder) =>
        File.WriteAllBytes(folder.File(name), builder.Build());

    private static string Refusal(TemporaryFolder folder, string name) =>
        Assert.Throws<ModelFileException>(() => GgufFile.Open(folder.File(name))).Message;
}
