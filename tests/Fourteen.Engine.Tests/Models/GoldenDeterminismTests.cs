using System.Text.Json;
using Fourteen.Engine.Tests.Scheduling;
using Fourteen.Kernels.Lanes;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests.Models;

/// <summary>
/// The models of golden/models give the same bits in fast and in precise mode, however their cases are cut into chunks,
/// batched, spread over threads and on whichever instruction set.
/// </summary>
public sealed class GoldenDeterminismTests
{
    [Theory]
    [MemberData(nameof(GoldenModels.Files), MemberType = typeof(GoldenModels))]
    public async Task Logits_WhateverTheChunksTheBatchAndTheThreads_AreBitIdentical(string folder, string file)
    {
        string path = GoldenModels.Require(folder, file);
        int[][] texts = Texts(folder);
        foreach (bool precise in (bool[])[false, true])
        {
            int[][] alone = [];
            foreach (int[] text in texts)
                alone = [.. alone, .. await LogitBits.OfAsync(path, precise, 1, [text], chunk: 512)];
            foreach ((int threads, int chunk) in ((int, int)[])[(1, 512), (2, 37), (3, 5)])
                Assert.Equal(alone, await LogitBits.OfAsync(path, precise, threads, texts, chunk));
            Assert.Equal(alone[0], (await LogitBits.OfAsync(path, precise, 1, [texts[0]], chunk: 1))[0]);
        }
    }

    [Theory]
    [MemberData(nameof(GoldenModels.Files), MemberType = typeof(GoldenModels))]
    public async Task Logits_OnEveryInstructionSet_AreBitIdentical(string folder, string file)
    {
        string path = GoldenModels.Require(folder, file);
        int[][] texts = [.. Texts(folder).Select(text => text[..Math.Min(text.Length, 48)])];
        foreach (bool precise in (bool[])[false, true])
        {
            int[][] expected = await LogitBits.OfAsync(path, precise, 1, texts, chunk: 64, isa: IsaPath.Scalar);
            foreach (IsaPath isa in Isa.BestFirst.Where(Isa.IsSupported))
                Assert.Equal(expected, await LogitBits.OfAsync(path, precise, 2, texts, chunk: 64, isa: isa));
        }
    }

    private static int[][] Texts(string folder)
    {
        using JsonDocument cases = GoldenModels.ReadCases(folder);
        return
        [
            .. cases.RootElement.GetProperty("cases").EnumerateArray()
                .Select(item => GoldenModels.Integers(item, "ids")),
        ];
    }
}
