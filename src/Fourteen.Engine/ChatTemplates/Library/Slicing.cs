using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>Python's <c>x[start:stop:step]</c>.</summary>
internal static class Slicing
{
    /// <summary>The slice. Unlike a missing item, a value that has no slices is an error.</summary>
    public static object Slice(RenderContext context, object? value, SliceValue slice)
    {
        if (value is not (SequenceValue or string or MarkupText or RangeValue))
        {
            throw Raise.Type(value is DictValue
                ? "unhashable type: 'slice'"
                : $"'{TypeNames.Of(value)}' object is not subscriptable");
        }

        if (!IsBound(slice.Start) || !IsBound(slice.Stop) || !IsBound(slice.Step))
            throw Raise.Type("slice indices must be integers or None or have an __index__ method");
        if (Strings.TryText(value, out string? text))
        {
            string part = OfText(context, text, slice);
            return value is MarkupText ? new MarkupText(part) : part;
        }

        if (value is RangeValue range)
        {
            Resolve(slice, range.Count, out long first, out long stop, out long stride);
            long end = range.Start + (stop * range.Step);
            return new RangeValue(range.Start + (first * range.Step), end, range.Step * stride);
        }

        object?[] items = Pick(context, ((SequenceValue)value).Items, slice);
        return value is ListValue ? new ListValue(items) : new TupleValue(items);
    }

    private static object?[] Pick(RenderContext context, object?[] source, SliceValue slice)
    {
        int count = Resolve(slice, source.Length, out long start, out _, out long step);
        context.Charge(count);
        if (step == 1)
            return source[(int)start..((int)start + count)];
        var items = new object?[count];
        for (int i = 0; i < count; i++)
            items[i] = source[start + (i * step)];
        return items;
    }

    private static string OfText(RenderContext context, string text, SliceValue slice)
    {
        context.ChargeText(text.Length);
        bool areUnits = CodePoints.AreUnits(text);
        int count = Resolve(
            slice, areUnits ? text.Length : CodePoints.Count(text), out long start, out _, out long step);
        if (count == 0)
            return "";
        if (step == 1)
        {
            int from = CodePoints.UnitOf(text, (int)start);
            int length = areUnits ? count : CodePoints.UnitOf(text.AsSpan(from), count);
            return text.Substring(from, length);
        }

        if (areUnits)
        {
            return string.Create(count, (text, start, step), static (target, state) =>
            {
                for (int i = 0; i < target.Length; i++)
                    target[i] = state.text[(int)(state.start + (i * state.step))];
            });
        }

        context.Charge(text.Length);
        object?[] points = CodePoints.Split(text);
        var part = new StringBuilder(count);
        for (int i = 0; i < count; i++)
            part.Append((string)points[start + (i * step)]!); // Split gives strings.
        return part.ToString();
    }

    private static bool IsBound(object? value) => value is null || Integers.IsInteger(value);

    /// <summary>
    /// CPython's <c>PySlice_AdjustIndices</c>: the bounds brought into the sequence, and the count of items.
    /// </summary>
    private static int Resolve(SliceValue slice, int length, out long start, out long stop, out long step)
    {
        step = slice.Step is null ? 1 : Integers.Argument(slice.Step);
        if (step == 0)
            throw Raise.Value("slice step cannot be zero");
        long lowest = step < 0 ? -1 : 0;
        long highest = step < 0 ? length - 1 : length;
        start = slice.Start is null ? (step < 0 ? highest : lowest) : Adjust(slice.Start, length, lowest, highest);
        stop = slice.Stop is null ? (step < 0 ? lowest : highest) : Adjust(slice.Stop, length, lowest, highest);
        long span = step < 0 ? start - stop : stop - start;
        return span <= 0 ? 0 : (int)(((span - 1) / Math.Abs(step)) + 1);
    }

    private static long Adjust(object bound, int length, long lowest, long highest)
    {
        long index = Integers.Argument(bound);
        return Math.Clamp(index < 0 ? index + length : index, lowest, highest);
    }
}
