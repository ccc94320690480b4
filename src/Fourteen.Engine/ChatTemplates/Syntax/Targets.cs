using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Syntax;

/// <summary>What a value is assigned to.</summary>
internal abstract class Target
{
    /// <summary>Assigns in the frame that runs now.</summary>
    public abstract void Assign(RenderContext context, object? value);
}

internal sealed class NameTarget(int slot) : Target
{
    public override void Assign(RenderContext context, object? value) => context.Frame.Slots[slot] = value;
}

internal sealed class TupleTarget(Target[] targets) : Target
{
    public override void Assign(RenderContext context, object? value)
    {
        if (!Iteration.IsIterable(value))
            throw Raise.Type($"cannot unpack non-iterable {TypeNames.Of(value)} object");
        object?[] items = Iteration.ToArray(context, value);
        if (items.Length < targets.Length)
            throw Raise.Value($"not enough values to unpack (expected {targets.Length}, got {items.Length})");
        if (items.Length > targets.Length)
            throw Raise.Value($"too many values to unpack (expected {targets.Length})");
        for (int i = 0; i < targets.Length; i++)
            targets[i].Assign(context, items[i]);
    }
}

/// <summary><c>ns.attribute</c>.</summary>
internal sealed class NamespaceTarget(NameExpression space, string attribute) : Target
{
    public override void Assign(RenderContext context, object? value)
    {
        if (space.Evaluate(context) is not NamespaceValue target)
            throw Raise.Runtime("cannot assign attribute on non-namespace object");
        target.Set(attribute, value);
    }
}

/// <summary>A target as it is written, before it is known which scope its names belong to.</summary>
internal abstract record TargetShape(int Line);

internal sealed record NameShape(int Line, string Name) : TargetShape(Line);

internal sealed record TupleShape(int Line, TargetShape[] Items) : TargetShape(Line);

internal sealed record NamespaceShape(int Line, NameExpression Space, string Attribute) : TargetShape(Line);
