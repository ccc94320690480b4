using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>Errors in each dialect's own form (B077).</summary>
public sealed class ErrorFormTests
{
    private const string Message = "There is no model \"nosuch\\\n\"; see /v1/models.";

    private static readonly Failure Missing = new(FailureKind.NotFound, Message, "model", "model_not_found");

    [Fact]
    public void OpenAi_HasAnObjectWithParamAndCode()
    {
        foreach (Dialect dialect in (Dialect[])[DialectTable.OpenAi, DialectTable.LlamaServer])
        {
            Assert.Equal(
                DialectRun.Line("""
                    {"error":{"message":"There is no model \"nosuch\\\n\"; see /v1/models.",
                    "type":"invalid_request_error",
                    "param":"model","code":"model_not_found"}}
                    """),
                DialectRun.Text(json => dialect.WriteError(Missing, json)));
        }
    }

    [Fact]
    public void OpenAi_WithoutAParameter_HasNull()
    {
        Assert.Equal(
            """{"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}}""",
            DialectRun.Text(json => DialectTable.OpenAi.WriteError(
                new(FailureKind.InvalidRequest, "m", "", null), json)));
    }

    [Fact]
    public void Anthropic_HasATypeOutsideAndInside()
    {
        Assert.Equal(
            DialectRun.Line("""
                {"type":"error","error":{"type":"not_found_error","message":"There is no model \"nosuch\\\n\"; 
                see /v1/models."}}
                """),
            DialectRun.Text(json => DialectTable.Anthropic.WriteError(Missing, json)));
    }

    [Fact]
    public void Ollama_HasAPlainText()
    {
        Assert.Equal(
            """{"error":"There is no model \"nosuch\\\n\"; see /v1/models."}""",
            DialectRun.Text(json => DialectTable.Ollama.WriteError(Missing, json)));
    }

    [Fact]
    public void EveryKindOfFailure_HasARow_AndAnErrorStatus()
    {
        foreach (FailureKind kind in Enum.GetValues<FailureKind>())
            Assert.InRange(FailureTable.Of(kind).Status, 400, 599);
    }
}
