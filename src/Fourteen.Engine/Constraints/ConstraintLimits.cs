namespace Fourteen.Engine.Constraints;

/// <summary>
/// What a constraint may cost. Requests bring schemas, patterns and grammars, so each number is a refusal that a
/// client can meet; they stand in docs/structured-output.md.
/// </summary>
internal static class ConstraintLimits
{
    /// <summary>Chars of a pattern, a grammar or a schema's text; real ones stay below 100,000.</summary>
    public const int SourceCharsMax = 1 << 20;

    /// <summary>Groups in groups and schemas in schemas; the parsers recurse, and a thread's stack is small.</summary>
    public const int NestingMax = 96;

    /// <summary>The largest bound of a repetition. Repetitions are counted and not unrolled.</summary>
    public const int RepetitionsMax = 1_000_000;

    /// <summary>Rules of a grammar and differing subschemas of a schema.</summary>
    public const int RulesMax = 5_000;

    /// <summary>Alternatives that are open at one place, e.g. properties that may come next.</summary>
    public const int AlternativesMax = 4_096;

    /// <summary>Members of the unions, cases of conditions and combinations of these that a schema comes to.</summary>
    public const int CasesMax = 500;

    /// <summary>Pairs of cases that compiling one schema may intersect.</summary>
    public const int IntersectionsMax = 100_000;

    /// <summary>Sets of schemas that hold together, of which each is worked out once.</summary>
    public const int ConjunctionsMax = 8_000;

    /// <summary>Declared properties of one object; those that may be left out are compared pairwise.</summary>
    public const int PropertiesMax = 512;

    /// <summary>Expressions that compiling may make, about 100 bytes each.</summary>
    public const int CompiledExpressionsMax = 400_000;

    /// <summary>Expressions kept for one grammar while texts are matched; then the tables start again.</summary>
    public const int KeptExpressionsMax = 200_000;

    /// <summary>Expressions that one step or mask may make: a bound of its time.</summary>
    public const int ExpressionsPerStepMax = 200_000;

    /// <summary>Steps of the searches whether intersections have any member, while compiling or in one step.</summary>
    public const int SearchStepsMax = 200_000;

    /// <summary>Readings of a text that are followed at once; a grammar that has more refuses the token.</summary>
    public const int ReadingsMax = 128;

    /// <summary>Rules that are open at once: JSON nests at most half as deep.</summary>
    public const int OpenRulesMax = 256;

    /// <summary>Bytes of masks kept for one grammar; a dense mask of 151,936 tokens has 19 kB.</summary>
    public const int KeptMaskBytesMax = 24 << 20;

    /// <summary>Digits before the point of a number, and after it.</summary>
    public const int DigitsMax = 24;

    /// <summary>Digits of an exponent: powers of ten to 99 stay in every reader's range.</summary>
    public const int ExponentDigitsMax = 2;

    /// <summary>Blanks and tabs after a line break between JSON tokens.</summary>
    public const int IndentMax = 32;
}
