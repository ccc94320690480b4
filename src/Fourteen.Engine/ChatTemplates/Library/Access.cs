using System.Numerics;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>Attributes, items and calls, as Jinja's sandbox allows them.</summary>
internal static class Access
{
    /// <summary><c>value.name</c>: the attribute, else the item, else Undefined.</summary>
    public static object? Attribute(RenderContext context, object? value, string name)
    {
        // A dict's keys are read far more often than its methods.
        if (value is DictValue dict && MethodSet.Of(name) is null && !IsInternal(name))
            return dict.TryGet(name, out object? item) ? item : UndefinedValue.Member(value, name);
        if (TryAttribute(context, value, name, out object? attribute))
            return attribute;
        return TryItem(context, value, name, out object? found) ? found : UndefinedValue.Member(value, name);
    }

    /// <summary><c>value[key]</c>: the item, else the attribute, else Undefined.</summary>
    public static object? Item(RenderContext context, object? value, object? key)
    {
        if (value is UndefinedValue undefined)
            throw undefined.Error();
        if (key is SliceValue slice)
            return Slicing.Slice(context, value, slice);
        Hashing.Charge(context, key);
        if (TryItem(context, value, key, out object? item))
            return item;
        if (Strings.TryText(key, out string? name) && TryAttribute(context, value, name, out object? attribute))
            return attribute;
        return UndefinedValue.Member(value, key);
    }

    public static object? Call(RenderContext context, object? callee, in Arguments arguments) => callee switch
    {
        ICallableValue callable => callable.Call(context, arguments),
        UndefinedValue undefined => throw undefined.Error(),
        _ => throw Raise.Type($"'{TypeNames.Of(callee)}' object is not callable"),
    };

    /// <summary>Python's own attributes; one that the sandbox withholds is an Undefined with that reason.</summary>
    public static bool TryAttribute(RenderContext context, object? value, string name, out object? attribute)
    {
        if (value is UndefinedValue undefined)
            throw undefined.Error();
        if (IsInternal(name) || IsMutator(value, name))
        {
            attribute = UndefinedValue.Unsafe(value, name);
            return true;
        }

        if (value is IObjectValue own)
            return own.TryGetAttribute(context, name, out attribute);
        BuiltIn? method = MethodSet.Of(name)?.For(value);
        if (method is not null)
        {
            attribute = new BuiltInFunction(method, value, isMethod: true);
            return true;
        }

        return TryField(value, name, out attribute);
    }

    private static bool TryField(object? value, string name, out object? field)
    {
        field = (value, name) switch
        {
            (GroupTuple group, "grouper") => group.Items[0],
            (GroupTuple group, "list") => group.Items[1],
            (RangeValue range, "start") => Integers.Box(range.Start),
            (RangeValue range, "stop") => Integers.Box(range.Stop),
            (RangeValue range, "step") => Integers.Box(range.Step),
            (long or BigInteger, "real" or "numerator") => value,
            (long or BigInteger, "imag") => Integers.Box(0),
            (long or BigInteger, "denominator") => Integers.Box(1),
            (bool flag, "real" or "numerator") => Integers.Box(flag ? 1 : 0),
            (double, "real") => value,
            (double, "imag") => 0.0,
            _ => Frame.Missing,
        };
        return !ReferenceEquals(field, Frame.Missing);
    }

    /// <summary>The item of a key; false where Python raises an error that Jinja turns into Undefined.</summary>
    private static bool TryItem(RenderContext context, object? value, object? key, out object? item)
    {
        item = null;
        switch (value)
        {
            case DictValue dict:
                return key is not (ListValue or DictValue) && dict.TryGet(key, out item);
            case SequenceValue sequence:
                if (!TryIndex(key, sequence.Items.Length, out int index))
                    return false;
                item = sequence.Items[index];
                return true;
            case string or MarkupText:
                string text = value as string ?? ((MarkupText)value).Text;
                if (!Integers.IsInteger(key) || !TryIndex(key, CodePoints.Count(text), out int at))
                    return false;
                context.ChargeText(text.Length);
                string character = CodePoints.TextAt(text, CodePoints.UnitOf(text, at));
                item = value is string ? character : new MarkupText(character);
                return true;
            case RangeValue range:
                if (!TryIndex(key, range.Count, out int step))
                    return false;
                item = range.At(step);
                return true;
            default:
                return false;
        }
    }

    private static bool TryIndex(object? key, int count, out int index)
    {
        index = 0;
        if (!Integers.TryLong(key, out long number))
            return false;
        if (number < 0)
            number += count;
        index = (int)Math.Clamp(number, 0, int.MaxValue);
        return number >= 0 && number < count;
    }

    /// <summary>
    /// A name of Python's object model, such as <c>__class__</c>. Python knows exactly which its objects have; here all
    /// of the form are withheld, and a dict's key of the form is reached by <c>d['__key__']</c>.
    /// </summary>
    private static bool IsInternal(string name) =>
        name.Length > 4 && name.StartsWith("__", StringComparison.Ordinal)
        && name.EndsWith("__", StringComparison.Ordinal);

    /// <summary>The methods that change a list or dict, which the sandbox withholds.</summary>
    private static bool IsMutator(object? value, string name) => value switch
    {
        ListValue => name is "append" or "clear" or "pop" or "reverse" or "insert" or "sort" or "extend" or "remove",
        DictValue => name is "clear" or "pop" or "popitem" or "setdefault" or "update",
        _ => false,
    };
}
