using Fourteen.Engine.Constraints.Expressions;

namespace Fourteen.Engine.Constraints.Automaton;

/// <summary>
/// The expressions, states and configurations of one grammar, or of the rules that all grammars of a model share. All
/// that is made is made under one lock; a grammar's space may take the shared one's lock, never the other way round.
/// </summary>
internal sealed class StateSpace
{
    private static readonly ByteClasses _none = new ByteClasses.Builder().Build();

    private readonly Lock _gate = new();
    private readonly List<GrammarState> _states = [];
    private readonly Dictionary<Configuration, Configuration> _configurations = [];
    private readonly Dictionary<ByteClasses.SetList, ByteClasses> _classes = [];
    private readonly Dictionary<(ByteClasses, ByteClasses), ByteClasses> _refined = [];
    private long _maskBytes;

    public StateSpace()
    {
        Table = new ExpressionTable();
        Dead = Make([], canEnd: false);
    }

    /// <summary>Used while compiling, by one thread, and then under the lock alone.</summary>
    public ExpressionTable Table { get; }

    /// <summary>The configuration after a text that begins nothing.</summary>
    public Configuration Dead { get; }

    /// <summary>Makes a rule in a space that others use already.</summary>
    public Rule AddRule(string name, Func<ExpressionTable, Expression> body)
    {
        using Lock.Scope scope = _gate.EnterScope();
        return new Rule(name, this) { Body = body(Table) };
    }

    /// <summary>The configuration at the beginning of a rule.</summary>
    public Configuration Start(Rule rule)
    {
        using Lock.Scope scope = _gate.EnterScope();
        BeginStep();
        return Close([new Reading(rule.Space.StateOf(rule.Body), Open: null)]);
    }

    /// <summary>
    /// The configuration that is in one state, before any rule is opened or the state's own rule ends; the rules around
    /// it are not known, and where it ends, the configuration "can end".
    /// </summary>
    public Configuration Alone(GrammarState state)
    {
        using Lock.Scope scope = _gate.EnterScope();
        return Make([new Reading(state, Open: null)], canEnd: false);
    }

    /// <summary>The configuration after the innermost rule of a reading has ended; dead where none is open.</summary>
    public Configuration Return(OpenRules? open)
    {
        using Lock.Scope scope = _gate.EnterScope();
        return open is null ? Dead : Close([new Reading(open.ReturnTo, open.Outer)]);
    }

    /// <summary>The configuration after a token that stands in the grammar by its id; dead where none does.</summary>
    public Configuration StepToken(Configuration configuration, int token)
    {
        using Lock.Scope scope = _gate.EnterScope();
        List<Reading> after = [];
        foreach (Reading reading in configuration.Readings)
        {
            foreach ((int id, Expression rest) in reading.State.Tokens)
            {
                if (id == token)
                    after.Add(reading with { State = reading.State.Space.StateOf(rest) });
            }
        }

        return after.Count == 0 ? Dead : Close(after);
    }

    /// <summary>The readings of two configurations together.</summary>
    public Configuration Join(Configuration x, Configuration y)
    {
        if (x.IsDead || y.IsDead)
            return x.IsDead ? y : x;
        using Lock.Scope scope = _gate.EnterScope();
        return Intern(Make([.. x.Readings.Union(y.Readings)], x.CanEnd || y.CanEnd));
    }

    /// <summary>Bounds the work of the step that begins, and empties tables that have become large.</summary>
    public void BeginStep()
    {
        using Lock.Scope scope = _gate.EnterScope();
        if (Table.Count + _configurations.Count > ConstraintLimits.KeptExpressionsMax
            || _maskBytes > ConstraintLimits.KeptMaskBytesMax)
        {
            foreach (GrammarState state in _states)
                state.Forget();
            foreach (Configuration configuration in _configurations.Values)
                configuration.Forget();
            _states.Clear();
            _configurations.Clear();
            _classes.Clear();
            _refined.Clear();
            Table.Forget();
            _maskBytes = 0;
        }

        Table.LimitStep(ConstraintLimits.ExpressionsPerStepMax);
    }

    /// <summary>The state of an expression of this space.</summary>
    public GrammarState StateOf(Expression expression)
    {
        if (expression.State is { } known)
            return known;
        using Lock.Scope scope = _gate.EnterScope();
        if (expression.State is { } made)
            return made;
        var classes = new ByteClasses.Builder();
        expression.AddFirst(classes);
        OpeningList? openings = null;
        if (!expression.IsRegular)
            expression.AddOpenings(Table, Table.Empty, openings = new OpeningList());
        var state = new GrammarState(this, expression, classes.Build(_classes), openings);
        _states.Add(state);
        expression.State = state;
        return state;
    }

    /// <summary>Whether a state's mask was kept in time to be counted here.</summary>
    public void CountMask(int bytes)
    {
        using Lock.Scope scope = _gate.EnterScope();
        _maskBytes += bytes;
    }

    /// <summary>How many safe characters (<see cref="SafeCharacters"/>) may follow, whichever they are.</summary>
    public int SafeRun(Expression expression)
    {
        using Lock.Scope scope = _gate.EnterScope();
        return SafeCharacters.RunOf(expression, Table);
    }

    internal GrammarState Advance(GrammarState state, byte value)
    {
        using Lock.Scope scope = _gate.EnterScope();
        Expression after = EmptinessSearch.Prune(Table, state.Expression.Derive(Table, value));
        GrammarState next = StateOf(after);
        state.SetNext(value, next);
        return next;
    }

    internal Configuration Advance(Configuration configuration, byte value)
    {
        using Lock.Scope scope = _gate.EnterScope();
        var seeds = new List<Reading>(configuration.Readings.Length);
        foreach (Reading reading in configuration.Readings)
        {
            if (reading.State.Step(value) is { } next)
                seeds.Add(reading with { State = next });
        }

        Configuration after = seeds.Count == 0 ? Dead : Close(seeds);
        configuration.SetNext(value, after);
        return after;
    }

    /// <summary>
    /// Opens the rules that may begin and leaves those that may have ended, until each reading waits for a byte or
    /// token. Grammars have no left recursion, so it ends.
    /// </summary>
    private Configuration Close(List<Reading> seeds)
    {
        // Most steps stay within one rule.
        if (seeds.Count == 1 && seeds[0].State is { HasEdges: true, IsAccepting: false, Calls.Length: 0 })
            return Intern(Make([seeds[0]], canEnd: false));
        var seen = new HashSet<Reading>(seeds);
        var readings = new List<Reading>();
        var work = new Stack<Reading>(seeds);
        bool canEnd = false;
        while (work.TryPop(out Reading reading))
        {
            (GrammarState state, OpenRules? open) = reading;
            if (state.HasEdges)
                readings.Add(reading);
            if (state.IsAccepting)
            {
                if (open is null)
                    canEnd = true;
                else
                    Visit(new Reading(open.ReturnTo, open.Outer));
            }

            foreach ((Rule rule, Expression after) in state.Calls)
            {
                // What a rule ends with returns to where that rule returns.
                OpenRules? inner = after is EmptyExpression ? open : new OpenRules(state.Space.StateOf(after), open);
                if ((inner?.Depth ?? 0) <= ConstraintLimits.OpenRulesMax)
                    Visit(new Reading(rule.Space.StateOf(rule.Body), inner));
            }

            if (seen.Count > ConstraintLimits.ReadingsMax * 4 || readings.Count > ConstraintLimits.ReadingsMax)
                return Dead;
        }

        return readings.Count == 0 && !canEnd ? Dead : Intern(Make([.. readings], canEnd));

        void Visit(Reading reading)
        {
            if (seen.Add(reading))
                work.Push(reading);
        }
    }

    private Configuration Make(Reading[] readings, bool canEnd)
    {
        ByteClasses? classes = null;
        foreach (Reading reading in readings)
        {
            ByteClasses other = reading.State.Classes;
            if (classes is null || classes == other)
                classes = other;
            else
                classes = Refine(classes, other);
        }

        return new Configuration(this, readings, canEnd, classes ?? _none);
    }

    private ByteClasses Refine(ByteClasses x, ByteClasses y)
    {
        if (!_refined.TryGetValue((x, y), out ByteClasses? refined))
            _refined.Add((x, y), refined = ByteClasses.Refine(x, y));
        return refined;
    }

    private Configuration Intern(Configuration made)
    {
        if (_configurations.TryGetValue(made, out Configuration? known))
            return known;
        _configurations.Add(made, made);
        return made;
    }
}
