namespace Fourteen.Clients.Tests.ExtensionsAI;

/// <summary>The sample of the documentation, run as its reader runs it.</summary>
public sealed class SampleTests
{
    [Fact]
    public async Task Sample_OfTheTinyModel_CallsItsFunctionAndAnswers()
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Fourteen.Samples.Chat.dll"), ServerFixture.TinyPath,
            Questions.Weather,
        ];

        (int? code, string output, string errors) = await Programs.RunAsync(
            "dotnet", AppContext.BaseDirectory, arguments, TimeSpan.FromMinutes(2),
            TestContext.Current.CancellationToken);

        Assert.True(code == 0, errors);
        Assert.Equal("The weather in Paris is sunny.", output.Trim());
    }
}
