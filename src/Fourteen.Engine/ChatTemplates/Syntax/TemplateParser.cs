namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <param name="Body">The statements of the top level.</param>
/// <param name="Slots">The variables of the top level.</param>
/// <param name="Blocks">The blocks by name.</param>
internal sealed record ParsedTemplate(Statement[] Body, int Slots, Dictionary<string, BlockStatement> Blocks);

/// <summary>Jinja's statements: tags and the text between them.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader _tokens;
    private readonly ScopeTracker _scopes = new();
    private readonly ExpressionParser _expressions;
    private readonly LoopParser _loops;
    private readonly MacroParser _macros;
    private readonly Dictionary<string, BlockStatement?> _blocks = new(StringComparer.Ordinal);
    private readonly Stack<(string[] Words, string Tag)> _open = new();
    private readonly Scope _root;
    private int _depth;

    /// <summary>True where <c>break</c> and <c>continue</c> have a loop to go to.</summary>
    private bool _isInLoop;

    private TemplateParser(List<Token> tokens)
    {
        _tokens = new TokenReader(tokens);
        _expressions = new ExpressionParser(_tokens, _scopes);
        _loops = new LoopParser(_tokens, _scopes, _expressions, this);
        _macros = new MacroParser(_tokens, _scopes, _expressions, this);
        _root = _scopes.Current;
    }

    public static ParsedTemplate Parse(string source)
    {
        var parser = new TemplateParser(Lexer.Read(source));
        Statement[] body = parser.ParseBody([], "");
        parser._scopes.Link();
        var blocks = new Dictionary<string, BlockStatement>(StringComparer.Ordinal);
        foreach (KeyValuePair<string, BlockStatement?> block in parser._blocks)
            blocks.Add(block.Key, block.Value!); // Each was set when its end was read.
        return new ParsedTemplate(body, parser._root.SlotCount, blocks);
    }

    /// <summary>
    /// Reads the end of the opening tag, the statements up to a tag with one of these names, and that name.
    /// </summary>
    /// <param name="words">The names that end the body.</param>
    /// <param name="tag">The name of the tag that is open.</param>
    /// <param name="ending">The name that ended it.</param>
    public Statement[] ParseBlock(string[] words, string tag, out string ending)
    {
        _tokens.SkipOperator(":");
        _tokens.Expect(TokenKind.BlockEnd);
        Statement[] body = ParseBody(words, tag);
        ending = _tokens.Take().Text;
        return body;
    }

    public Statement[] ParseBlock(string word, string tag) => ParseBlock([word], tag, out _);

    /// <summary>A body that <c>break</c> and <c>continue</c> can leave, or cannot.</summary>
    public Statement[] ParseBlock(string[] words, string tag, bool isInLoop, out string ending)
    {
        bool before = _isInLoop;
        _isInLoop = isInLoop;
        Statement[] body = ParseBlock(words, tag, out ending);
        _isInLoop = before;
        return body;
    }

    private Statement[] ParseBody(string[] words, string tag)
    {
        if (++_depth > TemplateLimits.SyntaxDepth)
        {
            throw SyntaxException.Limit(
                _tokens.Current.Line, $"tags are limited to {TemplateLimits.SyntaxDepth} levels of nesting");
        }

        _open.Push((words, tag));
        var body = new List<Statement>();
        while (!IsBodyEnd(words))
            ParseNext(body);
        _open.Pop();
        _depth--;
        return [.. body];
    }

    /// <summary>True at the tag that ends the body, whose opening is then taken.</summary>
    private bool IsBodyEnd(string[] words)
    {
        if (_tokens.Current.Kind == TokenKind.End)
        {
            return words.Length == 0 ? true : throw SyntaxException.At(
                _tokens.Current.Line, "Unexpected end of template." + WhatIsOpen());
        }

        bool ends = _tokens.Current.Kind == TokenKind.BlockBegin && _tokens.Ahead.Kind == TokenKind.Name
            && Array.IndexOf(words, _tokens.Ahead.Text) >= 0;
        if (ends)
            _tokens.Take();
        return ends;
    }

    private void ParseNext(List<Statement> body)
    {
        Token token = _tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Data:
                body.Add(new DataStatement(token.Line, token.Text));
                break;
            case TokenKind.VariableBegin:
                body.Add(new PrintStatement(_tokens.Current.Line, _expressions.ParseTuple()));
                _tokens.Expect(TokenKind.VariableEnd);
                break;
            default:
                ParseTag(body);
                _tokens.Expect(TokenKind.BlockEnd);
                break;
        }
    }

    private void ParseTag(List<Statement> body)
    {
        Token tag = _tokens.Current;
        if (tag.Kind != TokenKind.Name)
            throw SyntaxException.At(tag.Line, "tag name expected");
        _tokens.Take();
        switch (tag.Text)
        {
            case "if": body.Add(ParseIf(tag.Line)); break;
            case "for": body.Add(_loops.ParseFor(tag.Line, _isInLoop)); break;
            case "set": body.Add(_loops.ParseSet(tag.Line)); break;
            case "with": body.Add(_loops.ParseWith(tag.Line)); break;
            case "macro": body.Add(_macros.ParseMacro(tag.Line)); break;
            case "call": body.Add(_macros.ParseCallBlock(tag.Line)); break;
            case "filter": body.Add(ParseFilterBlock(tag.Line)); break;
            case "print": ParsePrint(body); break;
            case "break" or "continue": body.Add(ParseJump(tag)); break;
            case "generation": body.Add(ParseGeneration(tag.Line)); break;
            case "autoescape": body.Add(ParseAutoescape(tag.Line)); break;
            case "block": body.Add(ParseBlockTag(tag.Line)); break;
            case "include" or "extends" or "import" or "from":
                throw SyntaxException.At(
                    tag.Line, $"'{tag.Text}' needs a second template, and a chat template is a single text");
            default: throw Unknown(tag);
        }
    }

    private IfStatement ParseIf(int line)
    {
        var branches = new List<Branch>();
        _scopes.BeginBranch();
        string ending = "elif";
        while (ending == "elif")
        {
            Expression test = _expressions.ParseTuple(withConditional: false);
            branches.Add(new Branch(test, ParseBlock(["elif", "else", "endif"], "if", out ending)));
        }

        if (ending == "else")
            branches.Add(new Branch(null, ParseBlock("endif", "if")));
        _scopes.EndBranch();
        return new IfStatement(line, [.. branches]);
    }

    private FilterStatement ParseFilterBlock(int line)
    {
        Scope outer = _scopes.Current;
        Scope scope = _scopes.Open(ScopeKind.Plain);
        FilterExpression filter = _expressions.ParseBlockFilters(startsInline: true)!; // At least one, or an error.
        Statement[] body = ParseBlock("endfilter", "filter");
        _scopes.Close(outer);
        return new FilterStatement(line, filter, body, scope);
    }

    private void ParsePrint(List<Statement> body)
    {
        bool needsComma = false;
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (needsComma)
                _tokens.ExpectOperator(",");
            needsComma = true;
            body.Add(new PrintStatement(_tokens.Current.Line, _expressions.ParseExpression()));
        }
    }

    private JumpStatement ParseJump(Token tag) => _isInLoop
        ? new JumpStatement(tag.Line, tag.Text == "break" ? Flow.Break : Flow.Continue)
        : throw SyntaxException.At(tag.Line, $"'{tag.Text}' outside loop");

    private GenerationStatement ParseGeneration(int line)
    {
        Scope outer = _scopes.Current;
        Scope scope = _scopes.Open(ScopeKind.Plain);
        Statement[] body = ParseBlock(["endgeneration"], "generation", isInLoop: false, out _);
        _scopes.Close(outer);
        return new GenerationStatement(line, body, scope);
    }

    private AutoescapeStatement ParseAutoescape(int line)
    {
        Expression value = _expressions.ParseExpression();
        Scope outer = _scopes.Current;
        Scope scope = _scopes.Open(ScopeKind.Plain);
        Statement[] body = ParseBlock("endautoescape", "autoescape");
        _scopes.Close(outer);
        return new AutoescapeStatement(line, value, body, scope);
    }

    private BlockStatement ParseBlockTag(int line)
    {
        string name = _tokens.ExpectName().Text;
        bool isScoped = _tokens.SkipName("scoped");
        _tokens.SkipName("required");
        if (_tokens.Current.IsOperator("-"))
        {
            throw SyntaxException.At(
                line, "Block names in Jinja have to be valid Python identifiers and may not contain hyphens,"
                + " use an underscore instead.");
        }

        if (!_blocks.TryAdd(name, null))
            throw SyntaxException.Assertion(line, $"block '{name}' defined twice");
        Scope outer = _scopes.Current;
        Scope scope = _scopes.Open(ScopeKind.Plain, isScoped ? outer : _root);
        Statement[] body = ParseBlock(["endblock"], "block", isInLoop: false, out _);
        _tokens.SkipName(name);
        _scopes.Close(outer);
        var block = new BlockStatement(line, name, isScoped, body, scope);
        _blocks[name] = block;
        return block;
    }

    private SyntaxException Unknown(Token tag) =>
        SyntaxException.At(tag.Line, $"Encountered unknown tag '{tag.Text}'." + WhatIsOpen());

    /// <summary>What could have ended the innermost open tag.</summary>
    private string WhatIsOpen()
    {
        (string[] words, string tag) = _open.Peek();
        if (words.Length == 0)
            return "";
        string expected = string.Join(" or ", words.Select(static word => $"'{word}'"));
        return $" Jinja was looking for the following tags: {expected}."
            + $" The innermost block that needs to be closed is '{tag}'.";
    }
}
