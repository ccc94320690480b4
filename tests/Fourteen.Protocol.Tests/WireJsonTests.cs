using System.Text;
using System.Text.Json;
using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>JSON from outside, checked at the border.</summary>
public sealed class WireJsonTests
{
    [Theory]
    [InlineData("""{"a": "\ud83d\ude00"}""")]
    [InlineData("""{"a": "\\ud83d \u00e9 \\\\ \n"}""")]
    [InlineData("""{"a": "\u005cud83d"}""")]
    public void Body_WhoseEscapesAreWhole_IsTaken(string json)
    {
        using JsonDocument document = WireJson.ParseBody(Encoding.UTF8.GetBytes(json));

        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        Assert.NotNull(document.RootElement.GetProperty("a").GetString());
    }

    [Theory]
    [InlineData("""{"a": "\ud83d"}""", "byte 7")]
    [InlineData("""{"a": "\ude00"}""", "byte 7")]
    [InlineData("""{"a": "\ud83d\ud83d\ude00"}""", "byte 7")]
    [InlineData("""{"a": "\\\ud83dx"}""", "byte 9")]
    [InlineData("""{"\uDC00": 1}""", "byte 2")]
    public void Body_WithHalfASurrogatePair_NamesThePlace(string json, string place)
    {
        var refused = Assert.Throws<RequestException>(() => WireJson.ParseBody(Encoding.UTF8.GetBytes(json)));

        Assert.Contains(place, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a": 1, "a": 2}""")]
    [InlineData("""{"a": 1, "\u0061": 2}""")]
    [InlineData("{not json")]
    [InlineData("")]
    [InlineData("{\"a\": 1} {}")]
    public void Body_ThatIsNotAccepted_GivesOneLine(string json)
    {
        var refused = Assert.Throws<RequestException>(() => WireJson.ParseBody(Encoding.UTF8.GetBytes(json)));

        Assert.StartsWith("the body is not JSON", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(refused.Message, char.IsControl);
    }

    [Fact]
    public void Body_ThatIsNoUtf8OrTooDeep_IsRefused()
    {
        Assert.Throws<RequestException>(() => WireJson.ParseBody(new byte[] { (byte)'"', 0xC3, (byte)'"' }));
        byte[] deep = Encoding.UTF8.GetBytes(new string('[', 100_000) + new string(']', 100_000));
        Assert.Throws<RequestException>(() => WireJson.ParseBody(deep));
    }

    [Fact]
    public void TextWithinABody_ThatHoldsBrokenJson_StaysTextOrIsRefused()
    {
        RequestDraft draft = Bodies.Read("/v1/chat/completions", """
            {"messages": [{"role": "assistant", "tool_calls": [
              {"function": {"name": "f", "arguments": "{\"a\": \"\\ud800\"}"}},
              {"function": {"name": "f", "arguments": "{\"a\": 1, \"a\": 2}"}},
              {"function": {"name": "f", "arguments": "{\"a\": 1}"}}]}]}
            """);

        Assert.Equal(
            [JsonValueKind.String, JsonValueKind.String, JsonValueKind.Object],
            draft.Chat.Messages[0].ToolCalls.Select(call => call.Arguments!.GetValueKind()));
        Assert.Throws<RequestException>(() => Bodies.ReadWith(
            "/v1/chat/completions", """{"json_schema": "{\"a\": \"\\ud800\"}"}"""));
    }

    [Fact]
    public void Message_OfARequestException_IsOneLineOfBoundedLength()
    {
        var refused = new RequestException("a\nb", "first\u0007\n" + new string('x', 100_000));

        Assert.Equal("a b", refused.Parameter);
        Assert.StartsWith("first  xx", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1501, refused.Message.Length);
    }
}
