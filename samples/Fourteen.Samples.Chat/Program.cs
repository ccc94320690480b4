// A model in this process that calls a C# function: dotnet run -- model.gguf "What is the weather in Paris?"
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.ExtensionsAI;
using Microsoft.Extensions.AI;

using var engine = new InferenceEngine(new EngineOptions(), TimeProvider.System);
LoadedModel model = await engine.LoadAsync(args[0], new ModelOptions(), null, CancellationToken.None);
using IChatClient chat = new LocalProvider(engine, model, TimeProvider.System)
    .AsChatClient().AsBuilder().UseFunctionInvocation().Build();
AIFunction weather = AIFunctionFactory.Create(
    (string city) => city == "Paris" ? "sunny" : "windy", "get_weather", "Current weather of a city");
await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync(
    args[1], new ChatOptions { Tools = [weather], Temperature = 0 }))
{
    Console.Write(update.Text);
}
