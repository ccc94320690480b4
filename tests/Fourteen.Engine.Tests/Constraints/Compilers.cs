using System.Text;
using System.Text.Json;
using Fourteen.Engine.Constraints;
using Fourteen.Engine.Tests.Tokenizers;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Engine.Tests.Constraints;

/// <summary>Compilers for the vocabularies of the tests, each made once, and short ways to ask them.</summary>
internal static class Compilers
{
    private static readonly Lazy<ConstraintCompiler> _bytes = new(() => new ConstraintCompiler(ByteTokens));
    private static readonly Lazy<ConstraintCompiler> _tiny = new(() => ConstraintCompiler.For(TinyTokenizer));
    private static readonly Lazy<ConstraintCompiler> _qwen3 = new(() => ConstraintCompiler.For(Qwen3Tokenizer));

    /// <summary>A token for each byte.</summary>
    public static byte[][] ByteTokens => [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value })];

    public static ConstraintCompiler Bytes => _bytes.Value;

    public static Tokenizer TinyTokenizer => Vocabularies.LoadFile("qwen3-tiny-chat");

    /// <summary>Skips the test where the file is absent, which is not the lazy value's to remember.</summary>
    public static ConstraintCompiler Tiny
    {
        get
        {
            _ = TinyTokenizer;
            return _tiny.Value;
        }
    }

    public static Tokenizer Qwen3Tokenizer => Vocabularies.Load("qwen3");

    /// <summary>Skips the test where the file is absent.</summary>
    public static ConstraintCompiler Qwen3
    {
        get
        {
            _ = Qwen3Tokenizer;
            return _qwen3.Value;
        }
    }

    public static CompiledConstraint Schema(string schema)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        return Bytes.CompileJsonSchema(document.RootElement);
    }

    public static bool Accepts(this CompiledConstraint constraint, string text) =>
        constraint.Accepts(Encoding.UTF8.GetBytes(text));

    public static bool Accepts(this CompiledConstraint constraint, byte[] text)
    {
        ConstraintMatcher matcher = constraint.CreateMatcher();
        return matcher.TryAcceptBytes(text) && matcher.CanEnd;
    }

    /// <summary>The ids whose bit is set.</summary>
    public static List<int> Allowed(this ConstraintMatcher matcher, ConstraintCompiler compiler)
    {
        ulong[] mask = new ulong[compiler.MaskWords];
        matcher.FillMask(mask);
        return [.. Enumerable.Range(0, mask.Length * 64).Where(id => (mask[id >> 6] >> (id & 63) & 1) != 0)];
    }

    public static IReadOnlyList<byte[]> TokensOf(Tokenizer tokenizer) =>
        [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(id => tokenizer.Bytes(id).ToArray())];
}
