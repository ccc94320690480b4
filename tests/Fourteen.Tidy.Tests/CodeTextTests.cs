using Xunit;

namespace Fourteen.Tidy.Tests;

public sealed class CodeTextTests
{
    [Theory]
    [InlineData("a // b\nc", "a     \nc")]
    [InlineData("a /* b\nc */ d", "a     \n     d")]
    [InlineData("""x = "a // b"; y""", "x =         ; y")]
    [InlineData("""x = "a\"b"; y""", "x =       ; y")]
    [InlineData("""x = @"a\"; y""", "x =      ; y")]
    [InlineData("""x = @"a""b"; y""", "x =        ; y")]
    [InlineData("""x = '"'; y""", "x =    ; y")]
    [InlineData(@"x = '\''; y", "x =     ; y")]
    [InlineData("x = \"\"\"\n a \"b\" // c\n \"\"\"; y", "x =    \n           \n    ; y")]
    [InlineData("x = \"open\ny", "x =      \ny")]
    [InlineData("/* open", "       ")]
    [InlineData("", "")]
    public void CodeText_OfCommentsAndLiterals_IsBlank(string text, string expected)
    {
        Assert.Equal(expected, CodeText.WithoutCommentsAndLiterals(text));
    }
}
