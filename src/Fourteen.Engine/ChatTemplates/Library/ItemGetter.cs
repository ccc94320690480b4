using System.Globalization;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// The <c>attribute</c> argument of filters: a path such as <c>'user.name'</c> or a number, read as items; and the key
/// that is made of what it finds.
/// </summary>
internal sealed class ItemGetter
{
    private readonly RenderContext _context;
    private readonly object?[][] _paths;
    private readonly bool _isList;
    private readonly bool _ignoresCase;
    private readonly object? _default;

    private ItemGetter(RenderContext context, object?[][] paths, bool isList, bool ignoresCase, object? whenUndefined)
    {
        _context = context;
        _paths = paths;
        _isList = isList;
        _ignoresCase = ignoresCase;
        _default = whenUndefined;
    }

    public static ItemGetter Of(RenderContext context, object? attribute) => Of(context, attribute, false, null);

    /// <param name="context">The rendering.</param>
    /// <param name="attribute">The path; None for the item itself.</param>
    /// <param name="ignoresCase">Whether text is turned into lower case.</param>
    /// <param name="whenUndefined">What stands for a part that is not there; None for Undefined.</param>
    public static ItemGetter Of(RenderContext context, object? attribute, bool ignoresCase, object? whenUndefined) =>
        new(context, [Charged(context, attribute)], false, ignoresCase, whenUndefined);

    /// <summary>Several paths with commas between them give a list of keys.</summary>
    public static ItemGetter OfMany(RenderContext context, object? attribute, bool ignoresCase)
    {
        if (!Strings.TryText(attribute, out string? text))
            return new ItemGetter(context, [Path(attribute)], true, ignoresCase, null);
        context.Charge(text.Length);
        object?[][] paths = Array.ConvertAll(text.Split(','), static part => Path(part));
        return new ItemGetter(context, paths, true, ignoresCase, null);
    }

    public object? Get(object? item)
    {
        if (!_isList)
            return Follow(item, _paths[0]);
        var keys = new object?[_paths.Length];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = Follow(item, _paths[i]);
        return new ListValue(keys);
    }

    /// <summary>Text in lower case, anything else as it is.</summary>
    public static object? Key(object? value, bool ignoresCase) =>
        ignoresCase && Strings.TryText(value, out string? text) ? CaseMapping.Lower(text) : value;

    private object? Follow(object? item, object?[] path)
    {
        foreach (object? part in path)
        {
            _context.Step();
            item = Access.Item(_context, item, part);
            if (_default is not null && item is UndefinedValue)
                item = _default;
        }

        return Key(item, _ignoresCase);
    }

    private static object?[] Charged(RenderContext context, object? attribute)
    {
        if (Strings.TryText(attribute, out string? text))
            context.Charge(text.Length);
        return Path(attribute);
    }

    private static object?[] Path(object? attribute)
    {
        if (attribute is null)
            return [];
        if (!Strings.TryText(attribute, out string? text))
            return [attribute];
        return Array.ConvertAll(text.Split('.'), static part =>
            part.Length > 0 && !part.AsSpan().ContainsAnyExceptInRange('0', '9')
            && long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long index)
                ? Integers.Box(index)
                : (object?)part);
    }
}
