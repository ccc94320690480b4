using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Fourteen.Engine.Constraints.Schemas;

/// <summary>A schema at its place.</summary>
/// <param name="Index">From 1; see <see cref="Conjunction"/>.</param>
/// <param name="Schema">An object or boolean.</param>
/// <param name="Pointer">The JSON pointer from the document's root.</param>
/// <param name="Base">The URI that references are relative to.</param>
internal sealed record SchemaNode(int Index, JsonElement Schema, string Pointer, string Base);

/// <summary>
/// The schemas of one document by their place, and where references lead: by pointer, <c>$anchor</c> and <c>$id</c>,
/// within the document. Nothing is fetched.
/// </summary>
internal sealed class SchemaDocument
{
    private const string DefaultBase = "schema:///";

    private static readonly JsonElement _true = JsonDocument.Parse("true").RootElement.Clone();

    // What these hold are values, in which nothing is an identifier.
    private static readonly string[] _values = ["const", "enum", "default", "example", "examples"];

    private readonly List<SchemaNode> _nodes = [];
    private readonly Dictionary<string, SchemaNode> _byPointer = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SchemaNode> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Base, string Name), SchemaNode> _anchors = [];
    private readonly Dictionary<string, int> _dynamicAnchors = new(StringComparer.Ordinal);

    /// <exception cref="ConstraintException">The document is too deep.</exception>
    public SchemaDocument(JsonElement root)
    {
        if (JsonMarshal.GetRawUtf8Value(root).Length > ConstraintLimits.SourceCharsMax)
            throw ConstraintException.TooLarge("bytes of a schema", ConstraintLimits.SourceCharsMax);
        RequireText(root, depth: 0);
        _nodes.Add(new SchemaNode(1, _true, "", DefaultBase));
        Root = Add(root, "", DefaultBase);
        _resources.TryAdd(DefaultBase, Root);
        Scan(Root);
    }

    public SchemaNode Root { get; }

    public SchemaNode Node(int index) => _nodes[index - 1];

    /// <summary>What stands below a schema.</summary>
    public SchemaNode Child(SchemaNode parent, params ReadOnlySpan<string> tokens)
    {
        SchemaNode at = parent;
        foreach (string token in tokens)
            at = Step(at, token) ?? throw new ArgumentException($"{at.Pointer} has no {token}", nameof(tokens));
        return at;
    }

    /// <summary>Where a reference leads, or null where nothing in the document is there.</summary>
    public SchemaNode? Resolve(SchemaNode at, string reference)
    {
        int hash = reference.IndexOf('#', StringComparison.Ordinal);
        string address = hash < 0 ? reference : reference[..hash];
        string fragment = hash < 0 ? "" : Uri.UnescapeDataString(reference[(hash + 1)..]);
        string resource = address.Length == 0 ? at.Base : Absolute(at.Base, address);
        if (!_resources.TryGetValue(resource, out SchemaNode? target))
            return null;
        if (fragment.Length == 0)
            return target;
        if (fragment[0] != '/')
            return _anchors.GetValueOrDefault((resource, fragment));
        foreach (string token in fragment[1..].Split('/'))
        {
            target = Step(target, Unescape(token));
            if (target is null)
                return null;
        }

        return target;
    }

    /// <summary>Whether no outer schema can bring another meaning of a dynamic anchor: it stands once.</summary>
    public bool IsStatic(string dynamicReference)
    {
        int hash = dynamicReference.IndexOf('#', StringComparison.Ordinal);
        return hash < 0 || _dynamicAnchors.GetValueOrDefault(dynamicReference[(hash + 1)..]) <= 1;
    }

    private SchemaNode Add(JsonElement schema, string pointer, string outerBase)
    {
        string address = outerBase;
        if (IdOf(schema) is { } id)
            address = Absolute(outerBase, id);
        var node = new SchemaNode(_nodes.Count + 1, schema, pointer, address);
        _nodes.Add(node);
        _byPointer.Add(pointer, node);
        return node;
    }

    private static string? IdOf(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("$id", out JsonElement id)
        && id.ValueKind == JsonValueKind.String
            ? id.GetString()!.TrimEnd('#') // A JSON string is not null.
            : null;

    private static string Absolute(string outerBase, string address)
    {
        return Uri.TryCreate(outerBase, UriKind.Absolute, out Uri? outer)
            && Uri.TryCreate(outer, address, out Uri? joined)
                ? joined.AbsoluteUri
                : address;
    }

    private SchemaNode? Step(SchemaNode at, string token)
    {
        string pointer = $"{at.Pointer}/{Escape(token)}";
        if (_byPointer.TryGetValue(pointer, out SchemaNode? known))
            return known;
        JsonElement next;
        switch (at.Schema.ValueKind)
        {
            case JsonValueKind.Object when at.Schema.TryGetProperty(token, out next):
                return Add(next, pointer, at.Base);
            case JsonValueKind.Array:
                bool isIndex = int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                    && index < at.Schema.GetArrayLength() && (token == "0" || token[0] != '0');
                return isIndex ? Add(at.Schema[index], pointer, at.Base) : null;
            default:
                return null;
        }
    }

    private static string Escape(string token) =>
        token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static string Unescape(string token) =>
        token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    /// <summary>Every name and string is text, which JSON itself does not demand.</summary>
    private static void RequireText(JsonElement value, int depth)
    {
        if (depth > ConstraintLimits.NestingMax)
            throw ConstraintException.TooLarge("values in values of a schema", ConstraintLimits.NestingMax);
        try
        {
            if (value.ValueKind == JsonValueKind.String)
                value.GetString();
            if (value.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in value.EnumerateArray())
                    RequireText(item, depth + 1);
            }

            if (value.ValueKind != JsonValueKind.Object)
                return;
            foreach (JsonProperty property in value.EnumerateObject())
            {
                _ = property.Name;
                RequireText(property.Value, depth + 1);
            }
        }
        catch (InvalidOperationException)
        {
            throw new ConstraintException("", "", "a string holds half of a surrogate pair, which is no text");
        }
    }

    /// <summary>Finds what has a name.</summary>
    private void Scan(SchemaNode at)
    {
        if (at.Schema.ValueKind == JsonValueKind.Array)
        {
            for (int i = 0; i < at.Schema.GetArrayLength(); i++)
                ScanInner(at, at.Schema[i], i.ToString(CultureInfo.InvariantCulture));
            return;
        }

        if (at.Schema.ValueKind != JsonValueKind.Object)
            return;
        if (IdOf(at.Schema) is not null)
            _resources.TryAdd(at.Base, at);
        foreach (JsonProperty property in at.Schema.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.String)
                AddAnchor(at, property.Name, property.Value.GetString()!); // A JSON string is not null.
            else if (!_values.Contains(property.Name))
                ScanInner(at, property.Value, property.Name);
        }
    }

    // Places are made for what has children alone.
    private void ScanInner(SchemaNode at, JsonElement value, string token)
    {
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array
            && Step(at, token) is { } inner)
            Scan(inner);
    }

    private void AddAnchor(SchemaNode at, string keyword, string name)
    {
        if (keyword is not ("$anchor" or "$dynamicAnchor"))
            return;
        _anchors.TryAdd((at.Base, name), at);
        if (keyword == "$dynamicAnchor")
            _dynamicAnchors[name] = _dynamicAnchors.GetValueOrDefault(name) + 1;
    }
}
