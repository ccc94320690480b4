using System.Numerics;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// The methods of one name, of all types that have one: looked up by name once, by type at each call.
/// </summary>
internal sealed class MethodSet
{
    private static readonly Dictionary<string, MethodSet> Sets = Build();

    private BuiltIn? _ofText;
    private BuiltIn? _ofList;
    private BuiltIn? _ofTuple;
    private BuiltIn? _ofDict;
    private BuiltIn? _ofRange;
    private BuiltIn? _ofInteger;
    private BuiltIn? _ofReal;

    /// <summary>The methods of a name; null where no type has one.</summary>
    public static MethodSet? Of(string name) => Sets.GetValueOrDefault(name);

    /// <summary>The method of a value; null where its type has none of this name.</summary>
    public BuiltIn? For(object? value) => value switch
    {
        string or MarkupText => _ofText,
        DictValue => _ofDict,
        ListValue => _ofList,
        TupleValue => _ofTuple,
        RangeValue => _ofRange,
        long or bool or BigInteger => _ofInteger,
        double => _ofReal,
        _ => null,
    };

    private static Dictionary<string, MethodSet> Build()
    {
        var sets = new Dictionary<string, MethodSet>(StringComparer.Ordinal);
        Add(sets, StringMethods.Table, static (set, method) => set._ofText = method);
        Add(sets, StringTests.Table, static (set, method) => set._ofText = method);
        Add(sets, ContainerMethods.OfList, static (set, method) => set._ofList = method);
        Add(sets, ContainerMethods.OfTuple, static (set, method) => set._ofTuple = method);
        Add(sets, ContainerMethods.OfDict, static (set, method) => set._ofDict = method);
        Add(sets, ContainerMethods.OfRange, static (set, method) => set._ofRange = method);
        Add(sets, ContainerMethods.OfInteger, static (set, method) => set._ofInteger = method);
        Add(sets, ContainerMethods.OfReal, static (set, method) => set._ofReal = method);
        return sets;
    }

    private static void Add(
        Dictionary<string, MethodSet> sets, Dictionary<string, BuiltIn> table, Action<MethodSet, BuiltIn> put)
    {
        foreach (BuiltIn method in table.Values)
        {
            if (!sets.TryGetValue(method.Name, out MethodSet? set))
                sets.Add(method.Name, set = new MethodSet());
            put(set, method);
        }
    }
}
