namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>
/// Reads the arguments of a call, a filter or a test, in Python's order: by position, by name, unpacked.
/// </summary>
internal static class ArgumentParser
{
    public static ArgumentList Parse(TokenReader tokens, ExpressionParser expressions)
    {
        int line = tokens.ExpectOperator("(").Line;
        var positional = new List<Expression>();
        var named = new List<KeyValuePair<string, Expression>>();
        Expression? unpacked = null;
        Expression? unpackedNamed = null;
        bool needsComma = false;
        while (!tokens.Current.IsOperator(")"))
        {
            if (needsComma)
            {
                tokens.ExpectOperator(",");
                if (tokens.Current.IsOperator(")"))
                    break;
            }

            if (positional.Count + named.Count >= TemplateLimits.Arguments)
                throw SyntaxException.Limit(line, $"a call is limited to {TemplateLimits.Arguments} arguments");
            needsComma = true;
            bool isNamed = tokens.Current.Kind == TokenKind.Name && tokens.Ahead.IsOperator("=");
            bool isUnpackedNamed = tokens.Current.IsOperator("**");
            bool isUnpacked = tokens.Current.IsOperator("*");
            bool isPositional = !isNamed && !isUnpackedNamed && !isUnpacked;
            if (unpackedNamed is not null
                || (unpacked is not null && (isUnpacked || isPositional))
                || (named.Count > 0 && isPositional))
            {
                throw SyntaxException.At(line, "invalid syntax for function call expression");
            }

            if (isUnpacked || isUnpackedNamed)
                tokens.Take();
            if (isUnpacked)
                unpacked = expressions.ParseExpression();
            else if (isUnpackedNamed)
                unpackedNamed = expressions.ParseExpression();
            else if (isNamed)
                named.Add(ParseNamed(tokens, expressions, named));
            else
                positional.Add(expressions.ParseExpression());
        }

        tokens.ExpectOperator(")");
        return new ArgumentList([.. positional], [.. named], unpacked, unpackedNamed);
    }

    private static KeyValuePair<string, Expression> ParseNamed(
        TokenReader tokens, ExpressionParser expressions, List<KeyValuePair<string, Expression>> before)
    {
        Token name = tokens.Take();
        tokens.Take();
        // Python finds a repeated name when it compiles the template.
        if (before.Exists(pair => pair.Key == name.Text))
            throw SyntaxException.At(name.Line, $"keyword argument repeated: {name.Text}");
        return new(name.Text, expressions.ParseExpression());
    }
}
