namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>Knows, while a template is parsed, which scope and which branches the parser is in.</summary>
internal sealed class ScopeTracker
{
    private readonly List<(NameExpression Name, Scope Scope)> _names = [];
    private readonly List<SyntaxException> _unknown = [];
    private readonly Stack<int> _outerBranches = new();
    private int _branches;

    public Scope Current { get; private set; } = new(null, ScopeKind.Plain);

    /// <summary>
    /// True inside an <c>if</c> of the same scope, where an unknown filter or test is an error only when it runs:
    /// templates ask <c>{% if 'x' is filter %}</c> first.
    /// </summary>
    private bool IsInBranch => _branches > 0;

    /// <summary>How many unknown filters and tests were found that are errors.</summary>
    public int UnknownCount => _unknown.Count;

    /// <summary>
    /// Notes an unknown filter or test. Like Jinja, the parser reports it after all errors of syntax.
    /// </summary>
    public void AddUnknown(SyntaxException error)
    {
        if (!IsInBranch)
            _unknown.Add(error);
    }

    /// <summary>What was noted since belongs to a branch: <c>x|unknown if test else y</c>.</summary>
    public void ForgetUnknown(int count) => _unknown.RemoveRange(count, _unknown.Count - count);

    public void BeginBranch() => _branches++;

    public void EndBranch() => _branches--;

    /// <param name="kind">The kind of the inner scope.</param>
    /// <param name="parent">The scope around; null for the current one.</param>
    public Scope Open(ScopeKind kind, Scope? parent = null) => Enter(new Scope(parent ?? Current, kind));

    /// <summary>Makes a scope the current one, and returns it.</summary>
    public Scope Enter(Scope scope)
    {
        Current = scope;
        _outerBranches.Push(_branches);
        _branches = 0;
        return scope;
    }

    /// <summary>Goes back to the scope that was current before.</summary>
    public void Close(Scope before)
    {
        Current = before;
        _branches = _outerBranches.Pop();
    }

    /// <summary>A name that is read here.</summary>
    public NameExpression Load(int line, string name)
    {
        var expression = new NameExpression(line, name);
        Current.Load(name);
        _names.Add((expression, Current));
        return expression;
    }

    /// <summary>The slot of a name that is set here; <c>loop</c> cannot be set inside a loop.</summary>
    public int StoreName(int line, string name)
    {
        if (name == "loop" && IsInLoop())
            throw SyntaxException.Assertion(line, "Can't assign to special loop variable in for-loop");
        return Current.Store(name, certain: !IsInBranch);
    }

    /// <summary>Resolves all names, once everything is read.</summary>
    public void Link()
    {
        if (_unknown.Count > 0)
            throw _unknown[0];
        foreach ((NameExpression name, Scope scope) in _names)
            name.Link(scope.Resolve(name.Name));
    }

    private bool IsInLoop()
    {
        for (Scope? scope = Current; scope is not null; scope = scope.Parent)
        {
            if (scope.Kind == ScopeKind.Loop)
                return true;
        }

        return false;
    }
}
