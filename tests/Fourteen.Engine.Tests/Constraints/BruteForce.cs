using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Fourteen.Engine.Constraints;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>
/// Random grammars as trees of their own, each with a node for the product and the plainest matcher that one can write:
/// backtracking with continuations over the bytes of the text.
/// </summary>
internal abstract record BruteForce
{
    public static BruteForce Random(Random random, int depth, int rules) => random.Next(depth <= 0 ? 3 : 8) switch
    {
        0 or 1 => new Text(Word(random)),
        2 => new Class(random.Next(2) == 0, (char)('a' + random.Next(3)), random.Next(3) == 0 ? 'é' : 'c'),
        3 or 4 => new Chain([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Random(random, depth - 1, rules))]),
        5 => new Either([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Random(random, depth - 1, rules))]),
        6 => Loop.Of(Random(random, depth - 1, rules), random.Next(3), random),
        // A character first: no rule begins with itself.
        _ => new Chain([new Text(Word(random)), new Call(random.Next(rules))]),
    };

    public static string Word(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => "abc\"é"[random.Next(5)]));

    public abstract GrammarNode ToNode();

    /// <summary>Whether the text is one of the grammar, or where <paramref name="isPrefix"/>, begins one.</summary>
    public bool Matches(byte[] text, BruteForce[] rules, bool isPrefix) =>
        Match(text, 0, rules, isPrefix, at => at == text.Length);

    private protected abstract bool Match(byte[] text, int at, BruteForce[] rules, bool isPrefix, Func<int, bool> next);

    /// <summary>Texts end here; each part can always be completed, so that a text that ends inside is a beginning.
    /// </summary>
    private static bool MatchBytes(byte[] text, int at, byte[] bytes, bool isPrefix, Func<int, bool> next)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (at + i == text.Length)
                return isPrefix;
            if (text[at + i] != bytes[i])
                return false;
        }

        return next(at + bytes.Length);
    }

    private sealed record Text(string Value) : BruteForce
    {
        public override GrammarNode ToNode() => GrammarNode.Text(Value);

        private protected override bool Match(
            byte[] text, int at, BruteForce[] rules, bool isPrefix, Func<int, bool> next) =>
            MatchBytes(text, at, Encoding.UTF8.GetBytes(Value), isPrefix, next);
    }

    private sealed record Class(bool IsNegated, char Low, char High) : BruteForce
    {
        private static readonly ConcurrentDictionary<string, int[]> _begun = new(StringComparer.Ordinal);

        public override GrammarNode ToNode() => GrammarNode.Characters(IsNegated, (Low, High));

        private protected override bool Match(
            byte[] text, int at, BruteForce[] rules, bool isPrefix, Func<int, bool> next)
        {
            if (at == text.Length)
                return isPrefix;
            OperationStatus status = Rune.DecodeFromUtf8(text.AsSpan(at), out Rune rune, out int bytes);
            if (status == OperationStatus.Done)
                return IsMember(rune.Value) && next(at + bytes);
            byte[] begun = text[at..];
            return isPrefix && status == OperationStatus.NeedMoreData
                && _begun.GetOrAdd(Convert.ToHexString(begun), _ => Begun(begun)).Any(IsMember);
        }

        /// <summary>The characters whose bytes begin so.</summary>
        private static int[] Begun(byte[] bytes) =>
        [
            .. Enumerable.Range(0x80, 0x110000 - 0x80).Where(value => Rune.IsValid(value)
                && Encoding.UTF8.GetBytes(new Rune(value).ToString()).AsSpan().StartsWith(bytes)),
        ];

        private bool IsMember(int value) => (value >= Low && value <= High) != IsNegated;
    }

    private sealed record Chain(BruteForce[] Parts) : BruteForce
    {
        public override GrammarNode ToNode() => GrammarNode.Sequence([.. Parts.Select(part => part.ToNode())]);

        private protected override bool Match(
            byte[] text, int at, BruteForce[] rules, bool isPrefix, Func<int, bool> next)
        {
            return From(0, at);

            bool From(int index, int here) => index == Parts.Length
                ? next(here)
                : Parts[index].Match(text, here, rules, isPrefix, after => From(index + 1, after));
        }
    }

    private sealed record Either(BruteForce[] Members) : BruteForce
    {
        public override GrammarNode ToNode() => GrammarNode.Choice([.. Members.Select(member => member.ToNode())]);

        private protected override bool Match(
            byte[] text, int at, BruteForce[] rules, bool isPrefix, Func<int, bool> next) =>
            Array.Exists(Members, member => member.Match(text, at, rules, isPrefix, next));
    }

    private sealed record Loop(BruteForce Part, int Min, int? Max) : BruteForce
    {
        public static Loop Of(BruteForce part, int min, Random random) =>
            new(part, min, random.Next(2) == 0 ? null : min + random.Next(3));

        public override GrammarNode ToNode() => GrammarNode.Repeat(Part.ToNode(), Min, Max);

        private protected override bool Match(
            byte[] text, int at, BruteForce[] rules, bool isPrefix, Func<int, bool> next)
        {
            return From(0, at);

            bool From(int count, int here)
            {
                if (count >= Min && next(here))
                    return true;
                if (count == Max)
                    return false;
                // Beyond the least count, a part that is empty changes nothing.
                return Part.Match(
                    text, here, rules, isPrefix,
                    after => (after > here || count < Min) && From(count + 1, after));
            }
        }
    }

    private sealed record Call(int Rule) : BruteForce
    {
        public override GrammarNode ToNode() => GrammarNode.Rule($"r{Rule}");

        private protected override bool Match(
            byte[] text, int at, BruteForce[] rules, bool isPrefix, Func<int, bool> next) =>
            // A call follows a character, so that one at the text's end need not be looked into.
            at == text.Length && isPrefix || rules[Rule].Match(text, at, rules, isPrefix, next);
    }
}
