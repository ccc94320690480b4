using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>Jinja's built-in filters by name.</summary>
internal static class FilterTable
{
    private static readonly Dictionary<string, BuiltIn> Table = Build();

    /// <summary>The filter of a name, or null.</summary>
    public static BuiltIn? Find(string name) => Table.GetValueOrDefault(name);

    private static Dictionary<string, BuiltIn> Build()
    {
        var table = new Dictionary<string, BuiltIn>(StringComparer.Ordinal);
        BuiltIn[][] parts =
        [
            TextFilters.Rows, MarkupFilters.Rows, NumberFilters.Rows, SequenceFilters.Rows, SelectionFilters.Rows,
            [JsonOutput.Filter, PrettyPrint.Filter],
        ];
        foreach (BuiltIn[] rows in parts)
        {
            foreach (BuiltIn row in rows)
                table.Add(row.Name, row);
        }

        table.Add("d", table["default"]);
        table.Add("e", table["escape"]);
        table.Add("count", table["length"]);
        return table;
    }
}
