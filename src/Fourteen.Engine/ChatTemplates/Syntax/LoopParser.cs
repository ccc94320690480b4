namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>The tags that assign: <c>for</c>, <c>set</c> and <c>with</c>.</summary>
internal sealed class LoopParser(
    TokenReader tokens, ScopeTracker scopes, ExpressionParser expressions, TemplateParser bodies)
{
    private static readonly string[] ForEndings = ["endfor", "else"];

    private int _depth;

    public ForStatement ParseFor(int line, bool isInLoop)
    {
        TargetShape target = ParseTarget(endWord: "in", withNamespace: false);
        RequireNoLoop(target);
        tokens.ExpectWord("in");
        Expression items = expressions.ParseTuple(withConditional: false, endWord: "recursive");
        Scope outer = scopes.Current;
        LoopFilter? filter = tokens.SkipName("if") ? ParseLoopFilter(target, outer) : null;
        bool isRecursive = tokens.SkipName("recursive");

        Scope body = scopes.Open(ScopeKind.Loop);
        Target bound = Bind(target);
        if (isRecursive)
            body.Load("loop");
        Statement[] statements = bodies.ParseBlock(ForEndings, "for", isInLoop: true, out string ending);
        scopes.Close(outer);

        Statement[]? otherwise = null;
        Scope? otherwiseScope = null;
        if (ending == "else")
        {
            otherwiseScope = scopes.Open(ScopeKind.Plain);
            // A recursive loop is a function: its else cannot jump to the loop around.
            otherwise = bodies.ParseBlock(["endfor"], "for", isInLoop && !isRecursive, out _);
            scopes.Close(outer);
        }

        return new ForStatement(line)
        {
            Items = items,
            Target = bound,
            Body = statements,
            BodyScope = body,
            LoopSlot = body.ImplicitSlot("loop"),
            IsRecursive = isRecursive,
            Filter = filter,
            Else = otherwise,
            ElseScope = otherwiseScope,
        };
    }

    public Statement ParseSet(int line)
    {
        TargetShape target = ParseTarget(endWord: null, withNamespace: true);
        if (tokens.SkipOperator("="))
        {
            Expression value = expressions.ParseTuple();
            return new SetStatement(line, Bind(target), value);
        }

        Scope outer = scopes.Current;
        Scope scope = scopes.Open(ScopeKind.Plain);
        FilterExpression? filter = expressions.ParseBlockFilters(startsInline: false);
        Statement[] body = bodies.ParseBlock("endset", "set");
        scopes.Close(outer);
        return new SetBlockStatement(line, Bind(target), filter, body, scope);
    }

    public WithStatement ParseWith(int line)
    {
        var shapes = new List<TargetShape>();
        var values = new List<Expression>();
        while (tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (shapes.Count > 0)
                tokens.ExpectOperator(",");
            shapes.Add(ParseTarget(endWord: null, withNamespace: false));
            tokens.ExpectOperator("=");
            values.Add(expressions.ParseExpression());
        }

        Scope outer = scopes.Current;
        Scope scope = scopes.Open(ScopeKind.Plain);
        Target[] targets = [.. shapes.Select(Bind)];
        Statement[] body = bodies.ParseBlock("endwith", "with");
        scopes.Close(outer);
        return new WithStatement(line, targets, [.. values], body, scope);
    }

    private LoopFilter ParseLoopFilter(TargetShape target, Scope outer)
    {
        Scope scope = scopes.Open(ScopeKind.Plain);
        Target bound = Bind(target);
        Expression test = expressions.ParseExpression();
        scopes.Close(outer);
        return new LoopFilter(bound, test, scope);
    }

    /// <summary>A name, a namespace's attribute, or several of them with commas between.</summary>
    private TargetShape ParseTarget(string? endWord, bool withNamespace)
    {
        int line = tokens.Current.Line;
        var items = new List<TargetShape>();
        bool isTuple = false;
        while (true)
        {
            if (items.Count > 0)
                tokens.ExpectOperator(",");
            if (expressions.IsTupleEnd(endWord))
                break;
            items.Add(ParseTargetItem(withNamespace));
            if (!tokens.Current.IsOperator(","))
                break;
            isTuple = true;
        }

        if (items.Count == 0 && !isTuple)
        {
            throw SyntaxException.At(
                tokens.Current.Line, $"Expected an expression, got '{tokens.Current.Describe()}'");
        }

        return isTuple ? new TupleShape(line, [.. items]) : items[0];
    }

    private TargetShape ParseTargetItem(bool withNamespace)
    {
        Token token = tokens.Take();
        if (token.IsOperator("("))
            return ParseTargetInParentheses(token.Line);
        if (token.Kind != TokenKind.Name || ExpressionParser.IsConstantName(token.Text))
            throw SyntaxException.At(token.Line, $"can't assign to '{token.Describe()}'");
        if (!withNamespace || !tokens.SkipOperator("."))
            return new NameShape(token.Line, token.Text);
        string attribute = tokens.ExpectName().Text;
        return new NamespaceShape(token.Line, scopes.Load(token.Line, token.Text), attribute);
    }

    private TargetShape ParseTargetInParentheses(int line)
    {
        if (++_depth > TemplateLimits.SyntaxDepth)
            throw SyntaxException.Limit(line, $"targets are limited to {TemplateLimits.SyntaxDepth} levels of nesting");
        TargetShape inner = tokens.Current.IsOperator(")")
            ? new TupleShape(line, [])
            : ParseTarget(endWord: null, withNamespace: false);
        tokens.ExpectOperator(")");
        _depth--;
        return inner;
    }

    /// <summary>The target in the current scope.</summary>
    private Target Bind(TargetShape shape) => shape switch
    {
        NameShape name => new NameTarget(scopes.StoreName(name.Line, name.Name)),
        NamespaceShape space => new NamespaceTarget(space.Space, space.Attribute),
        _ => new TupleTarget([.. ((TupleShape)shape).Items.Select(Bind)]),
    };

    private static void RequireNoLoop(TargetShape shape)
    {
        if (shape is NameShape { Name: "loop" })
            throw SyntaxException.Assertion(shape.Line, "Can't assign to special loop variable in for-loop");
        if (shape is TupleShape tuple)
        {
            foreach (TargetShape item in tuple.Items)
                RequireNoLoop(item);
        }
    }
}
