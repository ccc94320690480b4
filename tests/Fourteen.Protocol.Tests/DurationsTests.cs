using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>How long a model stays loaded, as Ollama's clients write it.</summary>
public sealed class DurationsTests
{
    [Theory]
    [InlineData("\"5m\"", 300)]
    [InlineData("\"1h30m\"", 5400)]
    [InlineData("\"1.5s\"", 1.5)]
    [InlineData("\"250ms\"", 0.25)]
    [InlineData("\"300\"", 300)]
    [InlineData("300", 300)]
    [InlineData("0", 0)]
    [InlineData("\"0s\"", 0)]
    public void Duration_InSecondsOrUnits_IsRead(string json, double seconds)
    {
        Assert.Equal(
            TimeSpan.FromSeconds(seconds), Bodies.ReadWith("/api/chat", $"{{\"keep_alive\": {json}}}").KeepAlive);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("\"-1s\"")]
    [InlineData("1e300")]
    [InlineData("922337203685")]
    [InlineData("\"99999999999999999999h\"")]
    public void Duration_BelowZeroOrBeyondAllTime_IsForEver(string json)
    {
        Assert.Equal(
            TimeSpan.MaxValue, Bodies.ReadWith("/api/chat", $"{{\"keep_alive\": {json}}}").KeepAlive);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"-\"")]
    [InlineData("\"5x\"")]
    [InlineData("\"m\"")]
    [InlineData("\"1.2.3s\"")]
    [InlineData("true")]
    public void Duration_OfAnotherForm_IsRefused(string json)
    {
        Assert.Equal("keep_alive", Assert.Throws<RequestException>(
            () => Bodies.ReadWith("/api/chat", $"{{\"keep_alive\": {json}}}")).Parameter);
    }
}
