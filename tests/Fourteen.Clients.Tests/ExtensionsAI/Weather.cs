using Microsoft.Extensions.AI;

namespace Fourteen.Clients.Tests.ExtensionsAI;

/// <summary>A function that models call, and what they have asked it.</summary>
internal sealed class Weather
{
    private readonly List<string> _asked = [];

    public Weather() => Function = AIFunctionFactory.Create(
        (string city) =>
        {
            _asked.Add(city);
            return city == "Lima" ? "sunny" : "windy";
        },
        new AIFunctionFactoryOptions
        {
            Name = "get_weather",
            Description = Questions.WeatherDescription,
            MarshalResult = (result, _, _) => new ValueTask<object?>(result), // A text as it is, not as JSON.
        });

    public AIFunction Function { get; }

    /// <summary>Cities, in the order of the calls.</summary>
    public IReadOnlyList<string> Asked => _asked;

    public ChatOptions Options => new() { Tools = [Function], Temperature = 0 };
}
