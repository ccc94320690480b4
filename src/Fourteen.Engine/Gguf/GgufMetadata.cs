namespace Fourteen.Engine.Gguf;

/// <summary>
/// The key-value part of a GGUF file, or the same keys made from a <c>config.json</c>. Values are <c>long</c> (every
/// integer width), <c>double</c> (every float width), <c>bool</c>, <c>string</c>, or an array: <c>long[]</c>,
/// <c>double[]</c>, <c>bool[]</c>, <c>string[]</c>. Read-only after loading, so any thread may read it.
/// </summary>
public sealed class GgufMetadata
{
    private readonly Dictionary<string, object> _values;

    public GgufMetadata(string path, Dictionary<string, object> values)
    {
        Path = path;
        _values = values;
    }

    /// <summary>The file that the values come from, for messages.</summary>
    public string Path { get; }

    /// <summary>Every key, in the order of the file.</summary>
    public IEnumerable<string> Keys => _values.Keys;

    /// <summary>Whether the key is there, whatever its type.</summary>
    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>The raw value (one of the types named above), or null.</summary>
    public object? FindValue(string key) => _values.GetValueOrDefault(key);

    public string? FindString(string key) => Find<string>(key, "a string");

    public long? FindInteger(string key) => FindStruct<long>(key, "an integer");

    public bool? FindBool(string key) => FindStruct<bool>(key, "a boolean");

    /// <summary>A float of any width; an integer counts too, since some writers store whole numbers so.</summary>
    public double? FindFloat(string key) =>
        _values.GetValueOrDefault(key) is long whole ? whole : FindStruct<double>(key, "a float");

    public string[]? FindStrings(string key) => Find<string[]>(key, "an array of strings");

    public long[]? FindIntegers(string key) => Find<long[]>(key, "an array of integers");

    public double[]? FindFloats(string key) => Find<double[]>(key, "an array of floats");

    /// <summary>The string that must be there.</summary>
    public string RequireString(string key) => FindString(key) ?? throw Missing(key);

    /// <summary>The integer that must be there.</summary>
    public long RequireInteger(string key) => FindInteger(key) ?? throw Missing(key);

    /// <summary>The float that must be there.</summary>
    public double RequireFloat(string key) => FindFloat(key) ?? throw Missing(key);

    private T? Find<T>(string key, string wanted) where T : class
    {
        object? value = _values.GetValueOrDefault(key);
        return value is null or T ? (T?)value : throw WrongType(key, wanted, value);
    }

    private T? FindStruct<T>(string key, string wanted) where T : struct
    {
        object? value = _values.GetValueOrDefault(key);
        return value is null ? null : value is T typed ? typed : throw WrongType(key, wanted, value);
    }

    private ModelFileException Missing(string key) => new(Path, key, "this key must be there, but it is missing");

    private ModelFileException WrongType(string key, string wanted, object found) =>
        new(Path, key, $"this key must hold {wanted}, but it holds {Describe(found)}");

    private static string Describe(object value) => value switch
    {
        long whole => $"the integer {whole}",
        double real => $"the float {real}",
        bool truth => $"the boolean {truth}",
        string text => $"the string \"{GgufCursor.Printable(text.Length > 40 ? text[..40] + "…" : text)}\"",
        Array array => $"an array of {array.Length} values",
        _ => value.GetType().Name,
    };
}
