using System.Numerics;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>The methods of lists, tuples, dicts, ranges and numbers that change nothing.</summary>
internal static class ContainerMethods
{
    public static readonly Dictionary<string, BuiltIn> OfList = BuiltIn.Table(
        new("index", "self, value, start=None, stop=None, /", Index),
        new("count", "self, value, /", Count),
        new("copy", "self, /", static (_, values) => values[0]));

    public static readonly Dictionary<string, BuiltIn> OfTuple = BuiltIn.Table(
        new("index", "self, value, start=None, stop=None, /", Index),
        new("count", "self, value, /", Count));

    public static readonly Dictionary<string, BuiltIn> OfRange = BuiltIn.Table(
        new("index", "self, value, start=None, stop=None, /", Index),
        new("count", "self, value, /", Count));

    public static readonly Dictionary<string, BuiltIn> OfDict = BuiltIn.Table(
        new("get", "self, key, default=None, /", Get),
        new("keys", "self, /", static (_, values) => View(values, DictViewKind.Keys)),
        new("values", "self, /", static (_, values) => View(values, DictViewKind.Values)),
        new("items", "self, /", static (_, values) => View(values, DictViewKind.Items)),
        new("copy", "self, /", static (_, values) => values[0]),
        new("fromkeys", "self, keys, value=None, /", FromKeys));

    public static readonly Dictionary<string, BuiltIn> OfInteger = BuiltIn.Table(
        new("bit_length", "self, /", static (_, values) => Integers.Box((long)Magnitude(values).GetBitLength())),
        new("bit_count", "self, /", static (_, values) => Integers.Box((long)BigInteger.PopCount(Magnitude(values)))),
        new("conjugate", "self, /", static (_, values) => values[0]),
        new("is_integer", "self, /", static (_, _) => Boxes.True));

    public static readonly Dictionary<string, BuiltIn> OfReal = BuiltIn.Table(
        new("is_integer", "self, /", static (_, values) =>
            Boxes.Of(double.IsFinite((double)values[0]!) && Math.Truncate((double)values[0]!) == (double)values[0]!)),
        new("conjugate", "self, /", static (_, values) => values[0]));

    private static BigInteger Magnitude(object?[] values) => BigInteger.Abs(Integers.ToBig(values[0]!)); // an integer

    private static DictView View(object?[] values, DictViewKind kind) => new((DictValue)values[0]!, kind); // a dict

    private static object? Get(RenderContext context, object?[] values)
    {
        Hashing.Charge(context, values[1]);
        return ((DictValue)values[0]!).TryGet(values[1], out object? value) ? value : values[2]; // bound to a dict
    }

    private static object? FromKeys(RenderContext context, object?[] values)
    {
        object?[] keys = Iteration.ToArray(context, values[1]);
        var dict = new DictValue.Builder(keys.Length);
        foreach (object? key in keys)
        {
            Hashing.Charge(context, key);
            dict.Set(key, values[2]);
        }

        return dict.Build();
    }

    private static object? Count(RenderContext context, object?[] values)
    {
        long count = 0;
        foreach (object? item in Iteration.ToArray(context, values[0]))
        {
            if (Comparison.AreEqual(context, item, values[1]))
                count++;
        }

        return Integers.Box(count);
    }

    private static object? Index(RenderContext context, object?[] values)
    {
        object?[] items = Iteration.ToArray(context, values[0]);
        int start = StringMethods.Bound(values[2], 0, items.Length);
        int stop = StringMethods.Bound(values[3], items.Length, items.Length);
        for (int i = start; i < stop; i++)
        {
            if (Comparison.AreEqual(context, items[i], values[1]))
                return Integers.Box(i);
        }

        string type = TypeNames.Of(values[0]);
        throw Raise.Value(type == "tuple"
            ? "tuple.index(x): x not in tuple"
            : $"{PythonText.Repr(context, values[1])} is not in {type}");
    }
}
