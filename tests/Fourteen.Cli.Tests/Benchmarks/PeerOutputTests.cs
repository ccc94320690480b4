using Fourteen.Cli.Benchmarks;
using Xunit;

namespace Fourteen.Cli.Tests.Benchmarks;

public sealed class PeerOutputTests
{
    private const string Json = """
        build: [1m whatever [2m
        [
          {
            "build_commit": "d99724f2", "cpu_info": "AMD EPYC", "model_type": "qwen3 14B Q4_K - Medium",
            "n_prompt": 512, "n_gen": 0, "n_depth": 0, "avg_ns": 1, "avg_ts": 28.25, "stddev_ts": 0.5,
            "samples_ns": [ 1 ], "samples_ts": [ 28.25 ]
          },
          {
            "n_prompt": 0, "n_gen": 64, "n_depth": 4096, "avg_ts": 5.875, "samples_ts": [ 5.875 ]
          }
        ]
        """;

    private const string Table = """
        | model                   |       size |     params | backend | threads |          test |          t/s |
        | ----------------------- | ---------: | ---------: | ------- | ------: | ------------: | -----------: |
        | qwen3 14B Q4_K - Medium |   8.38 GiB |    14.77 B | CPU     |       2 |         pp512 | 28.25 ± 0.50 |
        | qwen3 14B Q4_K - Medium |   8.38 GiB |    14.77 B | CPU     |       2 | tg64 @ d4096  |  5.88 ± 0.01 |
        | qwen3 14B Q4_K - Medium |   8.38 GiB |    14.77 B | CPU     |       2 | pp512+tg64    |  9.99 ± 0.01 |

        build: d99724f2 (6000)
        """;

    [Fact]
    public void Parse_Json_GivesItsRows() => Assert.Equal(
        [new PeerRow(512, 0, 0, 28.25), new PeerRow(0, 64, 4096, 5.875)], PeerOutput.Parse(Json));

    [Fact]
    public void Parse_Table_GivesItsRowsOfOneKind() => Assert.Equal(
        [new PeerRow(512, 0, 0, 28.25), new PeerRow(0, 64, 4096, 5.88)], PeerOutput.Parse(Table));

    [Theory]
    [InlineData("")]
    [InlineData("error: unknown argument")]
    [InlineData("[]")]
    [InlineData("[1, null, \"x\", [], {}]")]
    [InlineData("""[{"n_prompt": 1, "avg_ts": -1}]""")]
    [InlineData("""[{"n_prompt": 1, "avg_ts": "28"}]""")]
    [InlineData("""[{"n_prompt": 1, "avg_ts": 1e999}]""")]
    [InlineData("[[[[[[[[[[[[[[]]]]]]]]]]]]]]")]
    [InlineData("| pp512 | fast |")]
    [InlineData("| pp512 | 0.0 ± 0.1 |")]
    [InlineData("| pp99999999999 | 1.0 ± 0.1 |")]
    public void Parse_WhatHoldsNoResult_GivesNone(string text) => Assert.Empty(PeerOutput.Parse(text));

    [Fact]
    public void Parse_AnyText_GivesPositiveRatesOrNone()
    {
        var random = new Random(1);
        for (int i = 0; i < 2000; i++)
        {
            char[] text = (i % 2 == 0 ? Json : Table).ToCharArray();
            for (int change = random.Next(1, 20); change > 0; change--)
                text[random.Next(text.Length)] = (char)random.Next(32, 400);

            Assert.All(
                PeerOutput.Parse(new string(text, 0, random.Next(text.Length))),
                row => Assert.True(row.TokensPerSecond > 0 && double.IsFinite(row.TokensPerSecond)));
        }
    }
}
