using Fourteen.Engine.Requests;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Engine.Constraints;

/// <summary>
/// The compiled constraints of a model that were used last: agents send the same tools and schemas with every turn.
/// Any thread.
/// </summary>
public sealed class ConstraintCache(Tokenizer tokenizer)
{
    /// <summary>Constraints that are kept: more than a server has different clients, at some MB each at most.</summary>
    private const int CountMax = 64;

    /// <summary>The vocabulary's tree, made when the first constraint comes: some tenths of a second for large ones.
    /// </summary>
    private readonly Lazy<ConstraintCompiler> _compiler = new(() => ConstraintCompiler.For(tokenizer));

    private readonly Lock _lock = new();
    private readonly LinkedList<(string Source, CompiledConstraint Compiled)> _recent = []; // The newest first.

    /// <exception cref="ConstraintException">It cannot be enforced.</exception>
    internal CompiledConstraint GetOrCompile(AnswerGrammar grammar)
    {
        lock (_lock)
        {
            for (var node = _recent.First; node is not null; node = node.Next)
            {
                if (node.Value.Source != grammar.Source)
                    continue;
                _recent.Remove(node);
                _recent.AddFirst(node);
                return node.Value.Compiled;
            }
        }

        CompiledConstraint compiled = _compiler.Value.Compile(grammar.Root, grammar.Rules);
        lock (_lock)
        {
            _recent.AddFirst((grammar.Source, compiled));
            if (_recent.Count > CountMax)
                _recent.RemoveLast();
        }

        return compiled;
    }
}
