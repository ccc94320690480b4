using System.Numerics;

namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>A value of our own with attributes, a name of its type and a text.</summary>
internal interface IObjectValue
{
    string TypeName { get; }

    bool TryGetAttribute(RenderContext context, string name, out object? value);

    /// <summary>Python's <c>str()</c> and <c>repr()</c> of it.</summary>
    string Describe(RenderContext context);
}

internal static class TypeNames
{
    /// <summary>The name of the value's type in Python.</summary>
    public static string Of(object? value) => value switch
    {
        null => "NoneType",
        string => "str",
        bool => "bool",
        long or BigInteger => "int",
        double => "float",
        ListValue => "list",
        GroupTuple => "_GroupTuple",
        TupleValue => "tuple",
        DictValue => "dict",
        MarkupText => "Markup",
        UndefinedValue => "Undefined",
        RangeValue => "range",
        DictView view => view.TypeName,
        IteratorValue iterator => iterator.TypeName,
        SliceValue => "slice",
        IObjectValue own => own.TypeName,
        _ => "object",
    };
}
