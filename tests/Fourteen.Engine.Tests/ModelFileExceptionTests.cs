using Xunit;

namespace Fourteen.Engine.Tests;

public sealed class ModelFileExceptionTests
{
    // What the parser of JSON says of a misspelled "false" near the beginning of a file: all that follows is quoted.
    [Fact]
    public void Message_ThatQuotesAFile_IsOneShortLineWithBothEnds()
    {
        string quoted = "'fal\u001b[31m,\n" + new string('x', 1 << 20) + "' is an invalid JSON literal. LineNumber: 3";

        ModelFileException error = new("a.json", "key\n", quoted, "download it again");

        Assert.StartsWith("a.json: key : 'fal\ufffd[31m, xxx", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            "is an invalid JSON literal. LineNumber: 3; download it again", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length < 1100, $"{error.Message.Length} characters");
        Assert.DoesNotContain(error.Rule, char.IsControl);
        Assert.DoesNotContain(error.Place, char.IsControl);
    }

    [Fact]
    public void Message_OfUsualParts_HoldsThemAsTheyAre()
    {
        ModelFileException error = new("m.gguf", "t", "the rule", "the remedy");

        Assert.Equal("m.gguf: t: the rule; the remedy", error.Message);
    }
}
