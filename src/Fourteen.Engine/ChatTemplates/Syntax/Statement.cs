using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>How a statement ended: by its end, or by a jump to the loop around.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A node that writes.</summary>
internal abstract class Statement(int line)
{
    public int Line { get; } = line;

    public abstract Flow Render(RenderContext context);

    public static Flow RenderAll(RenderContext context, Statement[] body)
    {
        foreach (Statement statement in body)
        {
            Flow flow = statement.Render(context);
            if (flow != Flow.Next)
                return flow;
        }

        return Flow.Next;
    }

    /// <summary>Renders a body in a frame of its own, and returns its text with the way it ended.</summary>
    protected static string Capture(RenderContext context, Statement[] body, Frame frame, out Flow flow)
    {
        StringBuilder outer = context.BeginCapture();
        Frame before = context.Frame;
        context.Frame = frame;
        flow = RenderAll(context, body);
        context.Frame = before;
        return context.EndCapture(outer);
    }

    /// <summary>The text of a body as a value: marked as escaped where escaping is on.</summary>
    protected static object AsValue(RenderContext context, string text) =>
        context.Autoescape ? new MarkupText(text) : text;

    protected static void WriteValue(RenderContext context, object? value)
    {
        if (context.Autoescape)
            context.Write(Html.Of(context, value));
        else
            context.Write(value as string ?? PythonText.Str(context, value));
    }
}

/// <summary>Text between tags.</summary>
internal sealed class DataStatement(int line, string text) : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        context.Write(text);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c>.</summary>
internal sealed class PrintStatement(int line, Expression value) : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        context.Line = Line;
        WriteValue(context, value.Evaluate(context));
        return Flow.Next;
    }
}

/// <param name="Test">The condition; null for <c>else</c>.</param>
/// <param name="Body">What it guards.</param>
internal readonly record struct Branch(Expression? Test, Statement[] Body);

internal sealed class IfStatement(int line, Branch[] branches) : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        foreach (Branch branch in branches)
        {
            context.Step();
            if (branch.Test is null || Comparison.IsTrue(branch.Test.Evaluate(context)))
                return RenderAll(context, branch.Body);
        }

        return Flow.Next;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c>.</summary>
internal sealed class JumpStatement(int line, Flow flow) : Statement(line)
{
    public override Flow Render(RenderContext context) => flow;
}

/// <summary><c>{% set target = value %}</c>.</summary>
internal sealed class SetStatement(int line, Target target, Expression value) : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        context.Line = Line;
        target.Assign(context, value.Evaluate(context));
        return Flow.Next;
    }
}

/// <summary><c>{% set target | filter %}…{% endset %}</c>.</summary>
internal sealed class SetBlockStatement(
    int line, Target target, FilterExpression? filter, Statement[] body, Scope scope) : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        string text = Capture(context, body, new Frame(context.Frame, scope.SlotCount), out Flow flow);
        if (flow != Flow.Next)
            return flow;
        object? value = AsValue(context, text);
        context.Line = Line;
        target.Assign(context, filter is null ? value : filter.ApplyToBlock(context, value));
        return Flow.Next;
    }
}

/// <summary><c>{% filter name %}…{% endfilter %}</c>.</summary>
internal sealed class FilterStatement(int line, FilterExpression filter, Statement[] body, Scope scope)
    : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        string text = Capture(context, body, new Frame(context.Frame, scope.SlotCount), out Flow flow);
        if (flow != Flow.Next)
            return flow;
        WriteValue(context, filter.ApplyToBlock(context, AsValue(context, text)));
        return Flow.Next;
    }
}

/// <summary><c>{% with a = 1, b = 2 %}…{% endwith %}</c>: the values are taken from outside.</summary>
internal sealed class WithStatement(int line, Target[] targets, Expression[] values, Statement[] body, Scope scope)
    : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        var evaluated = new object?[values.Length];
        for (int i = 0; i < evaluated.Length; i++)
            evaluated[i] = values[i].Evaluate(context);
        Frame outer = context.Frame;
        context.Frame = new Frame(outer, scope.SlotCount);
        for (int i = 0; i < evaluated.Length; i++)
            targets[i].Assign(context, evaluated[i]);
        Flow flow = RenderAll(context, body);
        context.Frame = outer;
        return flow;
    }
}

/// <summary><c>{% autoescape value %}…{% endautoescape %}</c>.</summary>
internal sealed class AutoescapeStatement(int line, Expression value, Statement[] body, Scope scope) : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        bool before = context.Autoescape;
        Frame outer = context.Frame;
        context.Autoescape = Comparison.IsTrue(value.Evaluate(context));
        context.Frame = new Frame(outer, scope.SlotCount);
        Flow flow = RenderAll(context, body);
        context.Frame = outer;
        context.Autoescape = before;
        return flow;
    }
}

/// <summary>
/// <c>{% generation %}…{% endgeneration %}</c>, which marks what the model writes. It is rendered like its body in a
/// scope of its own.
/// </summary>
internal sealed class GenerationStatement(int line, Statement[] body, Scope scope) : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        Frame outer = context.Frame;
        context.Frame = new Frame(outer, scope.SlotCount);
        RenderAll(context, body); // The parser lets no jump out of it.
        context.Frame = outer;
        return Flow.Next;
    }
}

/// <summary>
/// <c>{% block name %}…{% endblock %}</c>: without inheritance, a part that is rendered where it stands and by
/// <c>self.name()</c>. It sees the top level's variables alone, unless it is <c>scoped</c>.
/// </summary>
internal sealed class BlockStatement(int line, string name, bool isScoped, Statement[] body, Scope scope)
    : Statement(line)
{
    public string Name { get; } = name;

    public override Flow Render(RenderContext context)
    {
        Render(context, isScoped ? context.Frame : context.Root);
        return Flow.Next;
    }

    public object RenderToValue(RenderContext context)
    {
        StringBuilder outer = context.BeginCapture();
        Render(context, context.Root);
        return AsValue(context, context.EndCapture(outer));
    }

    private void Render(RenderContext context, Frame parent)
    {
        context.Step();
        context.EnterCall();
        Frame outer = context.Frame;
        context.Frame = new Frame(parent, scope.SlotCount);
        RenderAll(context, body); // The parser lets no jump out of it.
        context.Frame = outer;
        context.LeaveCall();
    }
}

/// <summary>The variable <c>self</c>: the blocks as functions.</summary>
internal sealed class SelfReference(Dictionary<string, BlockStatement> blocks) : IObjectValue
{
    public string TypeName => "TemplateReference";

    public bool TryGetAttribute(RenderContext context, string name, out object? value)
    {
        value = blocks.TryGetValue(name, out BlockStatement? block) ? new BlockReference(block) : null;
        return value is not null;
    }

    public string Describe(RenderContext context) => "<TemplateReference None>";

    private sealed class BlockReference(BlockStatement block) : ICallableValue, IObjectValue
    {
        public string TypeName => "BlockReference";

        public object? Call(RenderContext context, in Arguments arguments) => block.RenderToValue(context);

        public bool TryGetAttribute(RenderContext context, string name, out object? value)
        {
            value = name == "name" ? block.Name : null;
            return value is not null;
        }

        public string Describe(RenderContext context) => $"<BlockReference {block.Name}>";
    }
}
