using Fourteen.Engine.Constraints.Automaton;

namespace Fourteen.Engine.Constraints.Expressions;

/// <summary>
/// The rules and tokens with which an expression may begin. What follows the same rule in several places is joined, so
/// that one text has one reading as long as the rules agree.
/// </summary>
internal sealed class OpeningList
{
    public List<(Rule Rule, Expression After)> Calls { get; } = [];

    public List<(int Token, Expression After)> Tokens { get; } = [];

    public void AddCall(ExpressionTable table, Rule rule, Expression after)
    {
        int at = Calls.FindIndex(call => call.Rule == rule);
        if (at < 0)
            Calls.Add((rule, after));
        else
            Calls[at] = (rule, table.Or([Calls[at].After, after]));
    }

    public void AddToken(ExpressionTable table, int token, Expression after)
    {
        int at = Tokens.FindIndex(opening => opening.Token == token);
        if (at < 0)
            Tokens.Add((token, after));
        else
            Tokens[at] = (token, table.Or([Tokens[at].After, after]));
    }
}
