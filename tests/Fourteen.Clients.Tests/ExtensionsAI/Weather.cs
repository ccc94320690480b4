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
            return city == "Oslo" ? "snowy" : "windy";
        },
        "get_weather", Questions.WeatherDescription);

    public AIFunction Function { get; }

    /// <summary>Cities, in the order of the calls.</summary>
    public IReadOnlyList<string> Asked => _asked;

    public ChatOptions Options => new() { Tools = [Function], Temperature = 0 };
}
