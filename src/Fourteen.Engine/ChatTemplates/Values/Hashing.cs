using System.Numerics;
using System.Runtime.CompilerServices;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>Equality and hash of dictionary keys: Python's, where equal numbers of any type are one key.</summary>
internal static class Hashing
{
    /// <summary>
    /// Values inside one key. A key is compared outside the step count, so that a tuple made of the same tuple over and
    /// over must not be one.
    /// </summary>
    private const int KeyParts = 1000;

    public static void RequireHashable(object? key)
    {
        if (key is SequenceValue or DictValue or SliceValue)
        {
            int parts = KeyParts;
            RequireHashable(key, ref parts);
        }
    }

    private static void RequireHashable(object? key, ref int parts)
    {
        if (key is ListValue or DictValue or SliceValue)
            throw Raise.Type($"unhashable type: '{TypeNames.Of(key)}'");
        if (key is not TupleValue tuple)
            return;
        foreach (object? item in tuple.Items)
        {
            if (--parts < 0)
                throw Raise.Limit($"a key is limited to {KeyParts} parts");
            RequireHashable(item, ref parts);
        }
    }

    /// <summary>Counts what it costs to hash and compare a key: its text.</summary>
    public static void Charge(RenderContext context, object? key)
    {
        if (key is string text)
            context.ChargeText(text.Length);
        else if (key is MarkupText markup)
            context.ChargeText(markup.Text.Length);
        else if (key is TupleValue tuple)
        {
            foreach (object? item in tuple.Items)
            {
                context.Step();
                Charge(context, item);
            }
        }
    }

    public static bool KeysEqual(object? a, object? b)
    {
        if (ReferenceEquals(a, b))
            return true;
        if (Strings.TryText(a, out string? s))
            return Strings.TryText(b, out string? t) && string.Equals(s, t);
        if (a is TupleValue x)
            return b is TupleValue y && TuplesEqual(x, y);
        if (a is UndefinedValue)
            return b is UndefinedValue;
        return Integers.IsNumber(a) && Integers.IsNumber(b) && Arithmetic.NumbersEqual(a!, b!); // both are numbers
    }

    private static bool TuplesEqual(TupleValue a, TupleValue b)
    {
        if (a.Items.Length != b.Items.Length)
            return false;
        for (int i = 0; i < a.Items.Length; i++)
        {
            if (!KeysEqual(a.Items[i], b.Items[i]))
                return false;
        }

        return true;
    }

    public static int Hash(object? key)
    {
        switch (key)
        {
            case null: return 0;
            case string text: return text.GetHashCode();
            case MarkupText markup: return markup.Text.GetHashCode();
            case bool flag: return flag ? 1L.GetHashCode() : 0L.GetHashCode();
            case long number: return number.GetHashCode();
            case BigInteger big: return ((double)big).GetHashCode();
            case double real: return HashOfReal(real);
            case UndefinedValue: return 1;
            case TupleValue tuple:
                var hash = new HashCode();
                foreach (object? item in tuple.Items)
                    hash.Add(Hash(item));
                return hash.ToHashCode();
            default: return RuntimeHelpers.GetHashCode(key);
        }
    }

    /// <summary>The hash of the equal integer, where there is one.</summary>
    private static int HashOfReal(double real) =>
        real == Math.Truncate(real) && Math.Abs(real) < 9e18 ? ((long)real).GetHashCode() : real.GetHashCode();
}
