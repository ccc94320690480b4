namespace Fourteen.Server.Hosting;

/// <summary>Text in headers, which hold printable ASCII alone.</summary>
internal static class HeaderText
{
    /// <summary>Characters of one header: proxies accept 4 KB and more.</summary>
    private const int LengthMax = 1024;

    /// <summary>A list of names that came from outside.</summary>
    internal static string List(IEnumerable<string> names)
    {
        string all = string.Join(", ", names.Select(Clean));
        return all.Length <= LengthMax ? all : $"{all[..LengthMax]}...";
    }

    private static string Clean(string name) =>
        string.Create(name.Length, name, (span, text) =>
        {
            for (int i = 0; i < span.Length; i++)
                span[i] = text[i] is > ' ' and < '\x7f' and not ',' ? text[i] : '?';
        });
}
