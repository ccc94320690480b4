using System.Collections.Concurrent;
using System.Text.Json;
using Fourteen.Engine.Constraints.Automaton;
using Fourteen.Engine.Constraints.Expressions;
using Fourteen.Engine.Constraints.Gbnf;
using Fourteen.Engine.Constraints.Schemas;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Engine.Constraints;

/// <summary>
/// Compiles constraints for one vocabulary: schemas, patterns, grammars, lists of choices, and what callers compose of
/// <see cref="GrammarNode"/>. Made once a model; it holds the tokens as a tree, and what is known of the rules that all
/// constraints share (strings, numbers, any value). Any thread may compile. Nothing is cached by source: the caller
/// keeps what it compiled.
/// </summary>
public sealed class ConstraintCompiler
{
    private const int BuildersMax = 8;

    // Beyond so many literals, free text is compiled for each constraint by itself.
    private const int TriggersMax = 64;

    private readonly byte[][] _tokens;
    private readonly TokenTrie _trie;
    private readonly ConcurrentBag<MaskBuilder> _builders = [];
    private readonly StateSpace _shared = new();
    private readonly JsonRules[] _json;
    private readonly ConcurrentDictionary<(string Trigger, bool Ends), Rule> _texts = new();
    private readonly Lock _sharing = new();

    /// <param name="tokens">
    /// Per id its bytes; empty for tokens that text never reaches, control tokens among them. Not used after the call.
    /// </param>
    public ConstraintCompiler(IReadOnlyList<byte[]> tokens)
    {
        _tokens = [.. tokens];
        _trie = new TokenTrie(_tokens);
        _json = [.. Enum.GetValues<JsonWhitespace>().Select(whitespace => new JsonRules(_shared, whitespace))];
    }

    /// <summary>A compiler for a tokenizer's vocabulary.</summary>
    public static ConstraintCompiler For(Tokenizer tokenizer) => new(
        [.. Enumerable.Range(0, tokenizer.VocabularySize)
            .Select(id => tokenizer.IsText(id) ? tokenizer.Bytes(id).ToArray() : [])]);

    /// <summary>How many 64-bit words a mask has at least.</summary>
    public int MaskWords => _trie.Words;

    /// <summary>
    /// Makes the masks that nearly every constraint needs (within strings, numbers and values), some milliseconds'
    /// work, so that the first request does not wait for them.
    /// </summary>
    public void WarmUp()
    {
        ulong[] mask = new ulong[MaskWords];
        CompiledConstraint any = CompileJsonObject(new ConstraintOptions());
        string[] beginnings = ["", "{", "{\"", "{\"a\\", "{\"a\": ", "{\"a\": 1", "{\"a\": [", "{\"a\": \""];
        foreach (string text in beginnings)
        {
            ConstraintMatcher matcher = any.CreateMatcher();
            matcher.TryAcceptBytes(System.Text.Encoding.UTF8.GetBytes(text));
            matcher.FillMask(mask);
        }
    }

    /// <summary>The JSON values that a schema of draft 2020-12 allows.</summary>
    /// <exception cref="ConstraintException">
    /// The schema uses what cannot be enforced, allows nothing, or exceeds a limit; all problems are listed.
    /// </exception>
    public CompiledConstraint CompileJsonSchema(JsonElement schema, ConstraintOptions? options = null) =>
        Compile(GrammarNode.Json(schema), rules: null, options);

    /// <summary>Any JSON object.</summary>
    public CompiledConstraint CompileJsonObject(ConstraintOptions? options = null) =>
        Compile(GrammarNode.JsonObject(), rules: null, options);

    /// <summary>The texts that a regular expression matches as a whole.</summary>
    /// <exception cref="ConstraintException">It is broken, not regular, or exceeds a limit.</exception>
    public CompiledConstraint CompileRegex(string pattern) => Compile(GrammarNode.Regex(pattern));

    /// <summary>The texts of a grammar in llama.cpp's GBNF; its rule <c>root</c> is the whole.</summary>
    /// <exception cref="ConstraintException">
    /// It is broken, has left recursion or a rule without end, or exceeds a limit.
    /// </exception>
    public CompiledConstraint CompileGbnf(string grammar)
    {
        IReadOnlyDictionary<string, GrammarNode> rules = GbnfParser.Parse(grammar);
        return Compile(GrammarNode.Rule("root"), rules);
    }

    /// <summary>One of these texts.</summary>
    /// <exception cref="ConstraintException">There is none.</exception>
    public CompiledConstraint CompileChoice(IReadOnlyList<string> choices)
    {
        if (choices.Count == 0)
            throw new ConstraintException("", "choice", "the list of choices is empty");
        return Compile(GrammarNode.Choice([.. choices.Select(GrammarNode.Text)]));
    }

    /// <summary>What a node describes.</summary>
    /// <param name="root">The whole answer.</param>
    /// <param name="rules">The rules that it refers to, by name; null for none.</param>
    /// <param name="options">How JSON is laid out; the usual where null.</param>
    /// <exception cref="ConstraintException">A part cannot be compiled.</exception>
    public CompiledConstraint Compile(
        GrammarNode root, IReadOnlyDictionary<string, GrammarNode>? rules = null, ConstraintOptions? options = null)
    {
        JsonWhitespace whitespace = (options ?? new ConstraintOptions()).Whitespace;
        var compiler = new GrammarCompiler(_json[(int)whitespace], SharedText, _tokens.Length);
        Rule rule = compiler.Compile(root, rules ?? new Dictionary<string, GrammarNode>(StringComparer.Ordinal));
        return new CompiledConstraint(this, rule, compiler.Notes);
    }

    internal ReadOnlySpan<byte> BytesOf(int token) => (uint)token < (uint)_tokens.Length ? _tokens[token] : [];

    internal MaskBuilder LendBuilder() =>
        _builders.TryTake(out MaskBuilder? builder) ? builder : new MaskBuilder(_trie);

    internal void TakeBack(MaskBuilder builder)
    {
        if (_builders.Count < BuildersMax)
            _builders.Add(builder);
    }

    /// <summary>The shared rule of free text around a literal; null where too many are shared already.</summary>
    private Rule? SharedText(string trigger, bool ends)
    {
        if (_texts.TryGetValue((trigger, ends), out Rule? known))
            return known;
        using Lock.Scope scope = _sharing.EnterScope();
        if (_texts.Count >= TriggersMax)
            return null;
        return _texts.GetOrAdd((trigger, ends), key => _shared.AddRule("text", table => table.Text(
            new TextTrigger(System.Text.Encoding.UTF8.GetBytes(key.Trigger), key.Ends))));
    }
}
