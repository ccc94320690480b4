using System.Globalization;
using Fourteen.Engine.ChatTemplates.Library;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>Jinja's expressions, by recursive descent: one method per level of precedence, loosest first.</summary>
internal sealed class ExpressionParser(TokenReader tokens, ScopeTracker scopes)
{
    private int _depth;

    /// <summary>Any expression; <c>a if b else c</c> only where it is allowed.</summary>
    public Expression ParseExpression(bool withConditional = true)
    {
        if (++_depth > TemplateLimits.SyntaxDepth)
        {
            throw SyntaxException.Limit(
                tokens.Current.Line, $"expressions are limited to {TemplateLimits.SyntaxDepth} levels of nesting");
        }

        Expression expression = withConditional ? ParseConditional() : ParseOr();
        _depth--;
        return expression;
    }

    /// <summary>An expression, or several with commas between them: a tuple.</summary>
    /// <param name="withConditional">Whether <c>a if b else c</c> is allowed.</param>
    /// <param name="inParentheses">Whether it may be empty.</param>
    /// <param name="endWord">A name that ends it; null for none.</param>
    public Expression ParseTuple(bool withConditional = true, bool inParentheses = false, string? endWord = null)
    {
        int line = tokens.Current.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (true)
        {
            if (items.Count > 0)
                tokens.ExpectOperator(",");
            if (IsTupleEnd(endWord))
                break;
            items.Add(ParseExpression(withConditional));
            if (!tokens.Current.IsOperator(","))
                break;
            isTuple = true;
        }

        if (isTuple || (items.Count == 0 && inParentheses))
            return Sequence(line, items, isTuple: true);
        return items.Count == 1 ? items[0] : throw SyntaxException.At(
            tokens.Current.Line, $"Expected an expression, got '{tokens.Current.Describe()}'");
    }

    /// <summary>True where a tuple can end: at the end of a tag, at a closing parenthesis, at the given word.</summary>
    public bool IsTupleEnd(string? endWord) =>
        tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || tokens.Current.IsOperator(")")
        || (endWord is not null && tokens.Current.IsName(endWord));

    /// <summary>
    /// The filters of a block: <c>{% filter a|b %}</c>, or <c>{% set x | a %}</c>; null where there are none.
    /// </summary>
    public FilterExpression? ParseBlockFilters(bool startsInline)
    {
        FilterExpression? filter = null;
        while (startsInline || tokens.SkipOperator("|"))
        {
            startsInline = false;
            filter = ParseFilter(filter);
        }

        return filter;
    }

    /// <summary>
    /// Names must not be read as names of loops and the like: the literals of an assignment's left side.
    /// </summary>
    public static bool IsConstantName(string name) =>
        name is "true" or "false" or "none" or "True" or "False" or "None";

    private Expression ParseConditional()
    {
        int line = tokens.Current.Line;
        int unknown = scopes.UnknownCount;
        Expression value = ParseOr();
        while (tokens.SkipName("if"))
        {
            scopes.ForgetUnknown(unknown);
            scopes.BeginBranch();
            Expression test = ParseOr();
            Expression? otherwise = tokens.SkipName("else") ? ParseNested(ParseConditional) : null;
            scopes.EndBranch();
            value = Grown(
                new ConditionalExpression(line, test, value, otherwise),
                Math.Max(Math.Max(test.Height, value.Height), otherwise?.Height ?? 0));
            line = tokens.Current.Line;
        }

        return value;
    }

    private Expression ParseOr()
    {
        int line = tokens.Current.Line;
        Expression left = ParseAnd();
        while (tokens.SkipName("or"))
        {
            Expression right = ParseAnd();
            left = Grown(new LogicalExpression(line, false, left, right), Math.Max(left.Height, right.Height));
        }

        return left;
    }

    private Expression ParseAnd()
    {
        int line = tokens.Current.Line;
        Expression left = ParseNot();
        while (tokens.SkipName("and"))
        {
            Expression right = ParseNot();
            left = Grown(new LogicalExpression(line, true, left, right), Math.Max(left.Height, right.Height));
        }

        return left;
    }

    private Expression ParseNot()
    {
        int line = tokens.Current.Line;
        if (!tokens.SkipName("not"))
            return ParseComparison();
        Expression operand = ParseNested(ParseNot);
        return Grown(new NotExpression(line, operand), operand.Height);
    }

    private Expression ParseComparison()
    {
        int line = tokens.Current.Line;
        Expression first = ParseSum();
        List<ComparisonPart>? parts = null;
        int height = first.Height;
        while (TakeComparison() is { } symbol)
        {
            Expression right = ParseSum();
            height = Math.Max(height, right.Height);
            (parts ??= []).Add(new ComparisonPart(symbol, right));
        }

        return parts is null ? first : Grown(new ComparisonExpression(line, first, [.. parts]), height);
    }

    private string? TakeComparison()
    {
        Token token = tokens.Current;
        if (token.Kind == TokenKind.Operator && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
            return tokens.Take().Text;
        if (tokens.SkipName("in"))
            return "in";
        if (!token.IsName("not") || !tokens.Ahead.IsName("in"))
            return null;
        tokens.Take();
        tokens.Take();
        return "not in";
    }

    private Expression ParseSum() => ParseBinary(ParseConcat, static symbol => symbol is "+" or "-");

    private Expression ParseConcat()
    {
        int line = tokens.Current.Line;
        Expression first = ParseProduct();
        if (!tokens.Current.IsOperator("~"))
            return first;
        var parts = new List<Expression> { first };
        int height = first.Height;
        while (tokens.SkipOperator("~"))
        {
            parts.Add(ParseProduct());
            height = Math.Max(height, parts[^1].Height);
        }

        return Grown(new ConcatExpression(line, [.. parts]), height);
    }

    private Expression ParseProduct() => ParseBinary(ParsePower, static symbol => symbol is "*" or "/" or "//" or "%");

    /// <summary>Unlike Python's, this power groups from the left and binds weaker than a sign.</summary>
    private Expression ParsePower() =>
        ParseBinary(() => ParseUnary(withFilters: true), static symbol => symbol == "**");

    private Expression ParseBinary(Func<Expression> operand, Func<string, bool> belongs)
    {
        int line = tokens.Current.Line;
        Expression left = operand();
        while (tokens.Current.Kind == TokenKind.Operator && belongs(tokens.Current.Text))
        {
            string symbol = tokens.Take().Text;
            Expression right = operand();
            left = Grown(new BinaryExpression(line, symbol, left, right), Math.Max(left.Height, right.Height));
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        int line = tokens.Current.Line;
        Expression expression;
        if (tokens.Current.IsOperator("-") || tokens.Current.IsOperator("+"))
        {
            bool isMinus = tokens.Take().Text == "-";
            Expression operand = ParseNested(() => ParseUnary(withFilters: false));
            expression = Grown(new SignExpression(line, isMinus, operand), operand.Height);
        }
        else
        {
            expression = ParsePrimary();
        }

        expression = ParsePostfix(expression);
        return withFilters ? ParseFiltersAndTests(expression) : expression;
    }

    private Expression ParsePrimary()
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Take();
                return NameOrConstant(token);
            case TokenKind.String:
                return new Literal(token.Line, TakeString());
            case TokenKind.Integer:
                tokens.Take();
                return new Literal(token.Line, NumberScanner.IntegerOf(token));
            case TokenKind.Float:
                tokens.Take();
                string digits = token.Text.Replace("_", "", StringComparison.Ordinal);
                return new Literal(token.Line, double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture));
        }

        if (tokens.SkipOperator("("))
        {
            Expression inner = ParseTuple(inParentheses: true);
            tokens.ExpectOperator(")");
            return inner;
        }

        if (token.IsOperator("["))
            return ParseList();
        if (token.IsOperator("{"))
            return ParseDict();
        throw SyntaxException.At(token.Line, $"unexpected '{token.Describe()}'");
    }

    private Expression NameOrConstant(Token token) => token.Text switch
    {
        "true" or "True" => new Literal(token.Line, Boxes.True),
        "false" or "False" => new Literal(token.Line, Boxes.False),
        "none" or "None" => new Literal(token.Line, null),
        _ => scopes.Load(token.Line, token.Text),
    };

    /// <summary>Strings beside each other are one.</summary>
    private string TakeString()
    {
        string text = tokens.Take().Text;
        if (tokens.Current.Kind != TokenKind.String)
            return text;
        var joined = new System.Text.StringBuilder(text);
        while (tokens.Current.Kind == TokenKind.String)
            joined.Append(tokens.Take().Text);
        return joined.ToString();
    }

    private Expression ParseList()
    {
        int line = tokens.Take().Line;
        var items = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            if (items.Count > 0)
                tokens.ExpectOperator(",");
            if (tokens.Current.IsOperator("]"))
                break;
            items.Add(ParseExpression());
        }

        tokens.ExpectOperator("]");
        return Sequence(line, items, isTuple: false);
    }

    private Expression ParseDict()
    {
        int line = tokens.Take().Line;
        var pairs = new List<KeyValuePair<Expression, Expression>>();
        int height = 0;
        while (!tokens.Current.IsOperator("}"))
        {
            if (pairs.Count > 0)
                tokens.ExpectOperator(",");
            if (tokens.Current.IsOperator("}"))
                break;
            Expression key = ParseExpression();
            tokens.ExpectOperator(":");
            Expression value = ParseExpression();
            pairs.Add(new(key, value));
            height = Math.Max(height, Math.Max(key.Height, value.Height));
        }

        tokens.ExpectOperator("}");
        return Grown(new DictExpression(line, [.. pairs]), height);
    }

    private Expression ParsePostfix(Expression expression)
    {
        while (true)
        {
            if (tokens.Current.IsOperator("."))
                expression = ParseAttribute(expression);
            else if (tokens.Current.IsOperator("["))
                expression = ParseSubscript(expression);
            else if (tokens.Current.IsOperator("("))
                expression = ParseCall(expression);
            else
                return expression;
        }
    }

    private Expression ParseFiltersAndTests(Expression expression)
    {
        while (true)
        {
            if (tokens.SkipOperator("|"))
                expression = ParseFilter(expression);
            else if (tokens.Current.IsName("is"))
                expression = ParseTest(expression);
            else if (tokens.Current.IsOperator("("))
                expression = ParseCall(expression);
            else
                return expression;
        }
    }

    private Expression ParseAttribute(Expression target)
    {
        tokens.Take();
        Token name = tokens.Take();
        if (name.Kind == TokenKind.Name)
            return Grown(new AttributeExpression(name.Line, target, name.Text), target.Height);
        if (name.Kind != TokenKind.Integer)
            throw SyntaxException.At(name.Line, "expected name or number");
        var index = new Literal(name.Line, NumberScanner.IntegerOf(name));
        return Grown(new ItemExpression(name.Line, target, index), target.Height);
    }

    private Expression ParseSubscript(Expression target)
    {
        int line = tokens.Take().Line;
        var keys = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            if (keys.Count > 0)
                tokens.ExpectOperator(",");
            keys.Add(ParseKey());
        }

        tokens.ExpectOperator("]");
        Expression key = keys.Count == 1 ? keys[0] : Sequence(line, keys, isTuple: true);
        return Grown(new ItemExpression(line, target, key), Math.Max(target.Height, key.Height));
    }

    private Expression ParseKey()
    {
        int line = tokens.Current.Line;
        Expression? start = null;
        if (!tokens.Current.IsOperator(":"))
        {
            start = ParseExpression();
            if (!tokens.Current.IsOperator(":"))
                return start;
        }

        tokens.Take();
        Expression? stop = tokens.Current.IsOperator(":") || EndsKey() ? null : ParseExpression();
        Expression? step = tokens.SkipOperator(":") && !EndsKey() ? ParseExpression() : null;
        int height = Math.Max(start?.Height ?? 0, Math.Max(stop?.Height ?? 0, step?.Height ?? 0));
        return Grown(new SliceExpression(line, start, stop, step), height);
    }

    private bool EndsKey() => tokens.Current.IsOperator("]") || tokens.Current.IsOperator(",");

    private Expression ParseCall(Expression function)
    {
        int line = tokens.Current.Line;
        ArgumentList arguments = ArgumentParser.Parse(tokens, this);
        return Grown(new CallExpression(line, function, arguments), Math.Max(function.Height, arguments.Height));
    }

    private FilterExpression ParseFilter(Expression? value)
    {
        int line = tokens.Current.Line;
        string name = ParseDottedName();
        ArgumentList arguments = tokens.Current.IsOperator("(")
            ? ArgumentParser.Parse(tokens, this) : ArgumentList.None;
        BuiltIn? filter = FilterTable.Find(name);
        if (filter is null)
            scopes.AddUnknown(SyntaxException.Assertion(line, $"No filter named '{name}'."));
        var expression = new FilterExpression(line, value, name, filter, arguments);
        Grown(expression, Math.Max(value?.Height ?? 0, arguments.Height));
        return expression;
    }

    private Expression ParseTest(Expression value)
    {
        int line = tokens.Take().Line;
        bool isNegated = tokens.SkipName("not");
        string name = ParseDottedName();
        ArgumentList arguments = ArgumentList.None;
        if (tokens.Current.IsOperator("("))
            arguments = ArgumentParser.Parse(tokens, this);
        else if (StartsTestArgument())
            arguments = new ArgumentList([ParsePostfix(ParsePrimary())], [], null, null);
        BuiltIn? test = TestTable.Find(name);
        if (test is null)
            scopes.AddUnknown(SyntaxException.Assertion(line, $"No test named '{name}'."));
        Expression expression = Grown(
            new TestExpression(line, value, name, test, arguments), Math.Max(value.Height, arguments.Height));
        return isNegated ? Grown(new NotExpression(line, expression), expression.Height) : expression;
    }

    /// <summary>A test may have one argument without parentheses: <c>x is divisibleby 3</c>.</summary>
    private bool StartsTestArgument()
    {
        Token token = tokens.Current;
        bool starts = token.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float
            || (token.Kind == TokenKind.Operator && token.Text is "(" or "[" or "{");
        if (!starts || token.IsName("else") || token.IsName("or") || token.IsName("and"))
            return false;
        if (token.IsName("is"))
            throw SyntaxException.At(token.Line, "You cannot chain multiple tests with is");
        return true;
    }

    private string ParseDottedName()
    {
        string name = tokens.ExpectName().Text;
        if (!tokens.Current.IsOperator("."))
            return name;
        var dotted = new System.Text.StringBuilder(name);
        while (tokens.SkipOperator("."))
            dotted.Append('.').Append(tokens.ExpectName().Text);
        return dotted.ToString();
    }

    private Expression Sequence(int line, List<Expression> items, bool isTuple)
    {
        int height = 0;
        foreach (Expression item in items)
            height = Math.Max(height, item.Height);
        return Grown(new SequenceExpression(line, [.. items], isTuple), height);
    }

    /// <summary>
    /// A level of recursion that is not an expression in parentheses: <c>not not x</c>, <c>- - x</c>.
    /// </summary>
    private Expression ParseNested(Func<Expression> parse)
    {
        if (++_depth > TemplateLimits.SyntaxDepth)
        {
            throw SyntaxException.Limit(
                tokens.Current.Line, $"expressions are limited to {TemplateLimits.SyntaxDepth} levels of nesting");
        }

        Expression expression = parse();
        _depth--;
        return expression;
    }

    /// <summary>Notes the height of a new node over nodes of this height, and refuses one that is too high.</summary>
    private static Expression Grown(Expression expression, int below)
    {
        expression.Height = below + 1;
        if (expression.Height > TemplateLimits.ExpressionDepth)
        {
            throw SyntaxException.Limit(
                expression.Line, $"expressions are limited to a height of {TemplateLimits.ExpressionDepth}");
        }

        return expression;
    }
}
