using System.Text.Json.Nodes;
using Fourteen.Engine.Models;
using Fourteen.Protocol.Chat;
using Fourteen.Testing;
using Xunit;

namespace Fourteen.Engine.Tests;

/// <summary>Rows of <c>golden/cases</c> about prompts, from typed messages.</summary>
public sealed class RenderCaseTests
{
    [Fact] // B016
    public async Task Render_ReasoningInToolTurns_IsKeptInTheRunningChainAlone()
    {
        JsonNode row = File.ReadLines(SharedFiles.Golden("cases/cases.jsonl"))
            .Select(line => JsonNode.Parse(line)!).Single(row => (string?)row["id"] == "B016");
        JsonNode request = row["input"]!["json"]!;
        using var engine = new InferenceEngine(new EngineOptions { Threads = 1 }, TimeProvider.System);
        LoadedModel model = await engine.LoadAsync(
            SharedFiles.Model("qwen3-tiny-chat/model.gguf"), new ModelOptions(), null,
            TestContext.Current.CancellationToken);

        string prompt = new LocalProvider(engine, model, TimeProvider.System).Renderer.Render(new ChatRequest
        {
            Messages = [.. request["messages"]!.AsArray().Select(message => ToMessage(message!))],
            Tools = [.. request["tools"]!.AsArray().Select(tool => ToolDefinition.Read(tool, "tools"))],
        });

        Assert.Equal((string?)row["expected"]!["prompt"], prompt);
    }

    private static ChatMessage ToMessage(JsonNode message) =>
        new((string)message["role"]!, (string)message["content"]!)
        {
            Reasoning = (string?)message["reasoning_content"],
            ToolCallId = (string?)message["tool_call_id"],
            ToolCalls = [.. (message["tool_calls"]?.AsArray() ?? []).Select(call => ToCall(call!))],
        };

    private static ToolCall ToCall(JsonNode call) => new(
        (string?)call["id"], (string)call["function"]!["name"]!, call["function"]!["arguments"]!.DeepClone());
}
