using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>The parameters and body of a macro or call block, as parsed.</summary>
internal sealed class MacroDefinition
{
    /// <summary>None for a call block.</summary>
    public required string? Name { get; init; }

    /// <summary>The name in quotes, for messages.</summary>
    public string NameText => Name is null ? "None" : PythonText.ReprOfText(Name);

    public required string[] Parameters { get; init; }

    /// <summary>The slots of the parameters.</summary>
    public required int[] Slots { get; init; }

    /// <summary>The defaults of the last parameters.</summary>
    public required Expression[] Defaults { get; init; }

    public required Statement[] Body { get; init; }

    public required Scope Scope { get; init; }

    /// <summary>Where the body reads <c>caller</c>, <c>kwargs</c> and <c>varargs</c>; -1 where it does not.</summary>
    public required int CallerSlot { get; init; }

    public required int KwargsSlot { get; init; }

    public required int VarargsSlot { get; init; }

    /// <summary>True where a parameter has the name <c>caller</c>.</summary>
    public bool HasExplicitCaller => Array.IndexOf(Parameters, "caller") >= 0;
}

/// <summary><c>{% macro name(parameters) %}…{% endmacro %}</c>.</summary>
internal sealed class MacroStatement(int line, Target target, MacroDefinition definition) : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        target.Assign(context, new MacroValue(definition, context.Frame));
        return Flow.Next;
    }
}

/// <summary>
/// <c>{% call(parameters) macro(arguments) %}…{% endcall %}</c>: the body becomes the macro's <c>caller</c>.
/// </summary>
internal sealed class CallBlockStatement(int line, CallExpression call, MacroDefinition body) : Statement(line)
{
    public override Flow Render(RenderContext context)
    {
        context.Step();
        WriteValue(context, call.Invoke(context, [new("caller", new MacroValue(body, context.Frame))]));
        return Flow.Next;
    }
}

/// <summary>A macro as a value: its definition and the frame where it was defined.</summary>
internal sealed class MacroValue(MacroDefinition definition, Frame outer) : ICallableValue, IObjectValue
{
    public string TypeName => "Macro";

    public object? Call(RenderContext context, in Arguments arguments)
    {
        context.EnterCall();
        var frame = new Frame(outer, definition.Scope.SlotCount);
        Bind(context, frame, arguments);
        StringBuilder output = context.BeginCapture();
        Frame before = context.Frame;
        context.Frame = frame;
        FillDefaults(context, frame);
        Statement.RenderAll(context, definition.Body); // The parser lets no jump out of it.
        context.Frame = before;
        string text = context.EndCapture(output);
        context.LeaveCall();
        return context.Autoescape ? new MarkupText(text) : text;
    }

    public bool TryGetAttribute(RenderContext context, string name, out object? value)
    {
        value = name switch
        {
            "name" => definition.Name,
            "arguments" => new TupleValue([.. definition.Parameters]),
            "catch_kwargs" => Boxes.Of(definition.KwargsSlot >= 0),
            "catch_varargs" => Boxes.Of(definition.VarargsSlot >= 0),
            "caller" => Boxes.Of(definition.CallerSlot >= 0),
            "explicit_caller" => Boxes.Of(definition.HasExplicitCaller),
            _ => Frame.Missing,
        };
        return !ReferenceEquals(value, Frame.Missing);
    }

    public string Describe(RenderContext context) =>
        $"<Macro {(definition.Name is null ? "anonymous" : definition.NameText)}>";

    private void Bind(RenderContext context, Frame frame, in Arguments arguments)
    {
        object?[] positional = arguments.Positional;
        var named = new List<KeyValuePair<string, object?>>(arguments.Named);
        int count = definition.Parameters.Length;
        context.Charge(count + (((long)count * named.Count) >> 4)); // each parameter looks through the names
        for (int i = 0; i < count; i++)
        {
            if (i < positional.Length)
                frame.Slots[definition.Slots[i]] = positional[i];
            else if (TryTake(named, definition.Parameters[i], out object? value))
                frame.Slots[definition.Slots[i]] = value;
        }

        if (definition.CallerSlot >= 0)
        {
            frame.Slots[definition.CallerSlot] = TryTake(named, "caller", out object? caller) && caller is not null
                ? caller
                : UndefinedValue.Hint("No caller defined");
        }

        if (definition.KwargsSlot >= 0)
            frame.Slots[definition.KwargsSlot] = ToDict(named);
        else if (named.Count > 0)
            throw Unexpected(named);
        if (definition.VarargsSlot >= 0)
            frame.Slots[definition.VarargsSlot] = new TupleValue(positional.Length > count ? positional[count..] : []);
        else if (positional.Length > count)
            throw Raise.Type($"macro {definition.NameText} takes not more than {count} argument(s)");
    }

    private PythonException Unexpected(List<KeyValuePair<string, object?>> named) =>
        named.Exists(static pair => pair.Key == "caller")
            ? Raise.Type($"macro {definition.NameText} was invoked with two values for the special caller argument.")
            : Raise.Type($"macro {definition.NameText} takes no keyword argument '{named[0].Key}'");

    private static bool TryTake(List<KeyValuePair<string, object?>> named, string name, out object? value)
    {
        int index = named.FindIndex(pair => pair.Key == name);
        value = index < 0 ? null : named[index].Value;
        if (index >= 0)
            named.RemoveAt(index);
        return index >= 0;
    }

    private static DictValue ToDict(List<KeyValuePair<string, object?>> named)
    {
        var dict = new DictValue.Builder(named.Count);
        foreach (KeyValuePair<string, object?> pair in named)
            dict.Set(pair.Key, pair.Value);
        return dict.Build();
    }

    /// <summary>Defaults run inside the macro, in order, so that one can use a parameter before it.</summary>
    private void FillDefaults(RenderContext context, Frame frame)
    {
        int required = definition.Parameters.Length - definition.Defaults.Length;
        for (int i = 0; i < definition.Parameters.Length; i++)
        {
            ref object? slot = ref frame.Slots[definition.Slots[i]];
            if (!ReferenceEquals(slot, Frame.Missing))
                continue;
            slot = i >= required
                ? definition.Defaults[i - required].Evaluate(context)
                : UndefinedValue.Hint($"parameter '{definition.Parameters[i]}' was not provided");
        }
    }
}
