namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>The tags that define functions: <c>macro</c> and <c>call</c>.</summary>
internal sealed class MacroParser(
    TokenReader tokens, ScopeTracker scopes, ExpressionParser expressions, TemplateParser bodies)
{
    public MacroStatement ParseMacro(int line)
    {
        Token name = ParseName();
        MacroDefinition definition = ParseDefinition(name.Text, withSignature: true, "endmacro", "macro", out _);
        return new MacroStatement(line, new NameTarget(scopes.StoreName(line, name.Text)), definition);
    }

    public CallBlockStatement ParseCallBlock(int line)
    {
        bool withSignature = tokens.Current.IsOperator("(");
        MacroDefinition body = ParseDefinition(null, withSignature, "endcall", "call", out CallExpression? call);
        return new CallBlockStatement(line, call!, body); // ParseDefinition read it, between signature and body.
    }

    private Token ParseName()
    {
        Token name = tokens.ExpectName();
        return ExpressionParser.IsConstantName(name.Text)
            ? throw SyntaxException.At(name.Line, $"can't assign to '{name.Text}'")
            : name;
    }

    private MacroDefinition ParseDefinition(
        string? name, bool withSignature, string ending, string tag, out CallExpression? call)
    {
        Scope outer = scopes.Current;
        Scope scope = scopes.Open(ScopeKind.Macro);
        var parameters = new List<string>();
        var slots = new List<int>();
        var defaults = new List<Expression>();
        if (withSignature)
            ParseSignature(scope, parameters, slots, defaults);
        call = null;
        if (tag == "call")
        {
            scopes.Close(outer);
            call = ParseCall();
            scopes.Enter(scope);
        }

        Statement[] body = bodies.ParseBlock([ending], tag, isInLoop: false, out _);
        scopes.Close(outer);
        return new MacroDefinition
        {
            Name = name,
            Parameters = [.. parameters],
            Slots = [.. slots],
            Defaults = [.. defaults],
            Body = body,
            Scope = scope,
            CallerSlot = scope.ImplicitSlot("caller"),
            KwargsSlot = scope.ImplicitSlot("kwargs"),
            VarargsSlot = scope.ImplicitSlot("varargs"),
        };
    }

    private CallExpression ParseCall()
    {
        int line = tokens.Current.Line;
        return expressions.ParseExpression() as CallExpression ?? throw SyntaxException.At(line, "expected call");
    }

    private void ParseSignature(Scope scope, List<string> parameters, List<int> slots, List<Expression> defaults)
    {
        tokens.ExpectOperator("(");
        while (!tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
                tokens.ExpectOperator(",");
            Token name = ParseName();
            if (parameters.Count >= TemplateLimits.Arguments)
                throw SyntaxException.Limit(name.Line, $"a macro is limited to {TemplateLimits.Arguments} parameters");
            if (parameters.Contains(name.Text))
                throw SyntaxException.At(name.Line, $"duplicate argument '{name.Text}' in macro");
            slots.Add(scope.Parameter(name.Text));
            parameters.Add(name.Text);
            if (tokens.SkipOperator("="))
                defaults.Add(expressions.ParseExpression());
            else if (defaults.Count > 0)
                throw SyntaxException.At(name.Line, "non-default argument follows default argument");
            else if (name.Text == "caller")
                throw NeedsDefault(name.Line);
        }

        tokens.ExpectOperator(")");
    }

    private static SyntaxException NeedsDefault(int line) => SyntaxException.Assertion(
        line,
        "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.");
}
