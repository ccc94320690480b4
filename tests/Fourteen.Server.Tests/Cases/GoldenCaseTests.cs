using Fourteen.Testing;
using Xunit;

namespace Fourteen.Server.Tests.Cases;

/// <summary>
/// Every row of <c>golden/cases</c> that a server answers, sent as the row's own bodies. Each row has a check, as rows
/// say in words what must hold.
/// </summary>
public sealed class GoldenCaseTests(ServerFixture fixture)
{
    private static readonly string[] Areas = ["thinking", "tools", "structured", "server", "sampling"];

    private static readonly Dictionary<string, Func<CaseRow, TestServer, Task>> Checks = new(
    [
        .. ThinkingCases.Checks, .. ToolCases.Checks, .. StructuredCases.Checks, .. ServerCases.Checks,
        .. SamplingCases.Checks,
    ]);

    public static TheoryData<string> Ids { get; } = new(Checks.Keys.Order());

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Row_SentAsItStands_IsAnsweredAsExpected(string id)
    {
        await Checks[id](CaseRow.Of(id), fixture.Server);
        GoldenCount.Record("server/cases", 1);
    }

    /// <summary>The half of B029 that needs a gateway before another server is for whoever builds one.</summary>
    [Fact]
    public void Rows_OfTheServersAreas_AllHaveACheck() => Assert.Equal(
        CaseRow.All.Where(row => Areas.Contains(row.Area)).Select(row => row.Id).Order(), Checks.Keys.Order());
}
