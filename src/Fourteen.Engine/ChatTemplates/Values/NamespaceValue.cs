namespace Fourteen.Engine.ChatTemplates.Values;

/// <summary>Jinja's <c>namespace()</c>: the one value that a template can change.</summary>
internal sealed class NamespaceValue(DictValue initial) : IObjectValue
{
    private readonly Dictionary<string, object?> _attributes = Copy(initial);
    private readonly List<string> _order = Order(initial);

    public string TypeName => "Namespace";

    public void Set(string name, object? value)
    {
        if (!_attributes.ContainsKey(name))
            _order.Add(name);
        _attributes[name] = value;
    }

    public bool TryGetAttribute(RenderContext context, string name, out object? value) =>
        _attributes.TryGetValue(name, out value);

    /// <summary>The attributes now, in the order in which they came.</summary>
    public DictValue ToDict()
    {
        var builder = new DictValue.Builder(_order.Count);
        foreach (string name in _order)
            builder.Set(name, _attributes[name]);
        return builder.Build();
    }

    public string Describe(RenderContext context) => PythonText.Repr(context, this);

    private static Dictionary<string, object?> Copy(DictValue initial)
    {
        var attributes = new Dictionary<string, object?>(initial.Count, StringComparer.Ordinal);
        for (int i = 0; i < initial.Count; i++)
        {
            // Python would keep other keys, which no template can reach.
            if (Strings.TryText(initial.KeyAt(i), out string? name))
                attributes[name] = initial.ValueAt(i);
        }

        return attributes;
    }

    private static List<string> Order(DictValue initial)
    {
        var names = new List<string>(initial.Count);
        for (int i = 0; i < initial.Count; i++)
        {
            if (Strings.TryText(initial.KeyAt(i), out string? name))
                names.Add(name);
        }

        return names;
    }
}
