using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary><c>{% for target in items if test recursive %}…{% else %}…{% endfor %}</c>.</summary>
internal sealed class ForStatement(int line) : Statement(line)
{
    public required Expression Items { get; init; }

    /// <summary>The target in the body's scope.</summary>
    public required Target Target { get; init; }

    public required Statement[] Body { get; init; }

    public required Scope BodyScope { get; init; }

    /// <summary>Where the body keeps <c>loop</c>; -1 where it does not read it.</summary>
    public required int LoopSlot { get; init; }

    public required bool IsRecursive { get; init; }

    public LoopFilter? Filter { get; init; }

    public Statement[]? Else { get; init; }

    public Scope? ElseScope { get; init; }

    public override Flow Render(RenderContext context)
    {
        context.Step();
        object? items = Items.Evaluate(context);
        context.Line = Line;
        return Render(context, items, context.Frame, 0);
    }

    private Flow Render(RenderContext context, object? items, Frame outer, int depth0)
    {
        ItemSource source = ItemSource.Of(context, items);
        if (Filter is not null)
            source = ItemSource.Lazy(Filter.Apply(context, source, outer));
        LoopContext? loop = LoopSlot < 0 ? null : new LoopContext(source, depth0, Recursion(outer));
        Frame before = context.Frame;
        // True once a body has run to its end: as in Jinja, a jump out of it does not count for "else".
        bool any = false;
        Flow flow = Flow.Next;
        while (flow != Flow.Break && TryNext(source, loop, out object? item))
        {
            context.Step();
            // A frame per item: what the body sets is gone with the next, and a macro may keep its own.
            var frame = new Frame(outer, BodyScope.SlotCount);
            context.Frame = frame;
            if (loop is not null)
                frame.Slots[LoopSlot] = loop;
            Target.Assign(context, item);
            flow = RenderAll(context, Body);
            any |= flow == Flow.Next;
        }

        flow = Flow.Next;
        if (!any && Else is not null)
        {
            context.Frame = new Frame(outer, ElseScope!.SlotCount); // Set with Else.
            flow = RenderAll(context, Else);
        }

        context.Frame = before;
        return flow;
    }

    private static bool TryNext(ItemSource source, LoopContext? loop, out object? item)
    {
        if (loop is null)
            return source.TryNext(out item);
        bool any = loop.TryAdvance();
        item = any ? loop.Current : null;
        return any;
    }

    private Func<RenderContext, object?, int, object>? Recursion(Frame outer)
    {
        if (!IsRecursive)
            return null;
        return (context, items, depth0) =>
        {
            context.EnterCall();
            StringBuilder output = context.BeginCapture();
            Render(context, items, outer, depth0);
            string text = context.EndCapture(output);
            context.LeaveCall();
            return AsValue(context, text);
        };
    }
}

/// <summary>
/// The <c>if</c> of a loop. It runs as the loop asks for items, so that it sees what the body did to a namespace
/// before.
/// </summary>
internal sealed class LoopFilter(Target target, Expression test, Scope scope)
{
    public IEnumerator<object?> Apply(RenderContext context, ItemSource source, Frame outer)
    {
        while (source.TryNext(out object? item))
        {
            context.Step();
            Frame before = context.Frame;
            context.Frame = new Frame(outer, scope.SlotCount);
            target.Assign(context, item);
            bool holds = Comparison.IsTrue(test.Evaluate(context));
            context.Frame = before;
            if (holds)
                yield return item;
        }
    }
}
