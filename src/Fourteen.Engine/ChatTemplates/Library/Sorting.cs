using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>Python's sort: stable, by keys in Python's order, reversed without turning equal ones around.</summary>
internal static class Sorting
{
    /// <summary>The items in the order of their keys.</summary>
    public static object?[] Sorted(RenderContext context, object?[] items, Func<object?, object?> key, bool isReverse)
    {
        var order = new int[items.Length];
        var keys = new object?[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            order[i] = i;
            keys[i] = key(items[i]);
        }

        Sort(context, order, keys, isReverse);
        var sorted = new object?[items.Length];
        for (int i = 0; i < sorted.Length; i++)
            sorted[i] = items[order[i]];
        return sorted;
    }

    /// <summary>Sorts indexes by the keys that they point to. A merge sort, because .NET's own is not stable.</summary>
    public static void Sort(RenderContext context, int[] order, object?[] keys, bool isReverse)
    {
        var other = new int[order.Length];
        int[] from = order;
        int[] to = other;
        for (int width = 1; width < order.Length; width *= 2)
        {
            for (int start = 0; start < order.Length; start += 2 * width)
                Merge(context, from, to, keys, start, width, isReverse);
            (from, to) = (to, from);
        }

        if (!ReferenceEquals(from, order))
            from.CopyTo(order, 0);
    }

    private static void Merge(
        RenderContext context, int[] from, int[] to, object?[] keys, int start, int width, bool isReverse)
    {
        int middle = Math.Min(start + width, from.Length);
        int end = Math.Min(start + (2 * width), from.Length);
        int left = start;
        int right = middle;
        for (int i = start; i < end; i++)
        {
            bool takesLeft = right >= end
                || (left < middle && !IsBefore(context, keys, from[right], from[left], isReverse));
            to[i] = takesLeft ? from[left++] : from[right++];
        }
    }

    private static bool IsBefore(RenderContext context, object?[] keys, int a, int b, bool isReverse) => isReverse
        ? Comparison.IsOrdered(context, "<", keys[b], keys[a])
        : Comparison.IsOrdered(context, "<", keys[a], keys[b]);
}
