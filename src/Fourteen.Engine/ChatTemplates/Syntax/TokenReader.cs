namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>Walks through the tokens of a template.</summary>
internal sealed class TokenReader(List<Token> tokens)
{
    private int _next;

    public Token Current => tokens[_next];

    /// <summary>The token after the current one.</summary>
    public Token Ahead => tokens[Math.Min(_next + 1, tokens.Count - 1)];

    /// <summary>Returns the current token and goes on; the end of the template stays the last.</summary>
    public Token Take()
    {
        Token token = tokens[_next];
        if (_next < tokens.Count - 1)
            _next++;
        return token;
    }

    public bool SkipOperator(string symbol)
    {
        if (!Current.IsOperator(symbol))
            return false;
        _next++;
        return true;
    }

    public bool SkipName(string name)
    {
        if (!Current.IsName(name))
            return false;
        _next++;
        return true;
    }

    public Token ExpectOperator(string symbol) => Current.IsOperator(symbol) ? Take() : throw Unexpected(symbol);

    public Token ExpectWord(string name) => Current.IsName(name) ? Take() : throw Unexpected(name);

    public Token ExpectName() => Current.Kind == TokenKind.Name ? Take() : throw Unexpected("name");

    public Token Expect(TokenKind kind) =>
        Current.Kind == kind ? Take() : throw Unexpected(new Token(kind, "", 0).Describe());

    private SyntaxException Unexpected(string expected) => SyntaxException.At(
        Current.Line,
        Current.Kind == TokenKind.End
            ? $"unexpected end of template, expected '{expected}'."
            : $"expected token '{expected}', got '{Current.Describe()}'");
}
