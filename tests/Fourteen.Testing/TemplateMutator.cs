using System.Text;
using System.Text.Json.Nodes;

namespace Fourteen.Testing;

/// <summary>
/// Makes broken and odd variants of templates and of their variables, the same ones for the same random numbers: pieces
/// of templates are spliced, doubled and left out, and values of the JSON are changed, dropped and repeated.
/// </summary>
/// <param name="templates">Templates to take pieces from; at least one.</param>
/// <param name="variables">Variables of templates to change; at least one.</param>
public sealed class TemplateMutator(IReadOnlyList<string> templates, IReadOnlyList<JsonObject> variables)
{
    private const int MutationsMax = 6;

    /// <summary>Pieces that real templates have rarely or never.</summary>
    private static readonly string[] Pieces =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "-", "+", "(", ")", "[", "]", "{", "}",
        "|", ".", ",", ":", "~",
        "=", "'", "\"", "\\", "not ", "in ", "is ", " if ", " else ",
        "**", "//", "%", "0", "-1", "1e400", "99999999999999999999",
        "'x' * 1000000000", "range(1000000)", "10 ** 99999", "|tojson(indent=2)",
        "|map('upper')", "|join", "|sort", "|list",
        "|length", "[::-1]", "[1:]", ".split('\\n')", ".strip()", "namespace(a=1)",
        "loop.index", "loop", "caller()", "self",
        "{% for x in messages recursive %}{{ loop(messages) }}{% endfor %}",
        "{% macro r() %}{{ r() }}{% endmacro %}{{ r() }}",
        "{% set ns = namespace(v=[1]) %}{% for i in range(99) %}{% set ns.v = [ns.v, ns.v] %}{% endfor %}{{ ns.v }}",
        "{% break %}", "{% continue %}", "{% raw %}", "{% endraw %}",
        "{% call f() %}", "{% endcall %}", "{% filter upper %}",
        "{% set x %}", "{% endset %}", "{% generation %}", "{% endgeneration %}", "\r\n", "\0", "\u2028", "😀", "\ud800",
    ];

    /// <summary>A template with its variables.</summary>
    public (string Template, JsonObject Variables) Next(Random random)
    {
        List<string> tokens = Tokens(Pick(templates, random));
        int mutations = random.Next(MutationsMax);
        for (int i = 0; i < mutations; i++)
            Mutate(tokens, random);
        var changed = (JsonObject)Pick(variables, random).DeepClone();
        mutations = random.Next(MutationsMax);
        for (int i = 0; i < mutations; i++)
            MutateNode(changed, random);
        return (string.Concat(tokens), changed);
    }

    private static T Pick<T>(IReadOnlyList<T> from, Random random) => from[random.Next(from.Count)];

    /// <summary>Words, runs of blanks, and single other characters.</summary>
    private static List<string> Tokens(string template)
    {
        var tokens = new List<string>();
        var word = new StringBuilder();
        foreach (char c in template)
        {
            if (word.Length > 0 && (!char.IsLetterOrDigit(c) || !char.IsLetterOrDigit(word[^1])))
            {
                tokens.Add(word.ToString());
                word.Clear();
            }

            word.Append(c);
        }

        tokens.Add(word.ToString());
        return tokens;
    }

    private void Mutate(List<string> tokens, Random random)
    {
        if (tokens.Count == 0)
            tokens.Add(Pick(Pieces, random));
        int at = random.Next(tokens.Count);
        int length = Math.Min(random.Next(1, 30), tokens.Count - at);
        switch (random.Next(6))
        {
            case 0:
                tokens.RemoveRange(at, length);
                break;
            case 1:
                tokens.InsertRange(random.Next(tokens.Count), tokens.GetRange(at, length));
                break;
            case 2:
                tokens.Insert(at, Pick(Pieces, random));
                break;
            case 3:
                tokens[at] = Pick(Pieces, random);
                break;
            case 4:
                (int other, string token) = (random.Next(tokens.Count), tokens[at]);
                tokens[at] = tokens[other];
                tokens[other] = token;
                break;
            default:
                List<string> donor = Tokens(Pick(templates, random));
                int from = random.Next(donor.Count);
                tokens.InsertRange(at, donor.GetRange(from, Math.Min(random.Next(1, 60), donor.Count - from)));
                break;
        }
    }

    private static void MutateNode(JsonNode root, Random random)
    {
        var nodes = new List<JsonNode>();
        Collect(root, nodes);
        switch (nodes[random.Next(nodes.Count)])
        {
            case JsonObject { Count: > 0 } dict:
                string key = dict.ElementAt(random.Next(dict.Count)).Key;
                if (random.Next(3) == 0)
                    dict.Remove(key);
                else
                    dict[key] = Value(dict[key], random);
                break;
            case JsonArray { Count: > 0 } list:
                int index = random.Next(list.Count);
                if (random.Next(3) == 0)
                    list.RemoveAt(index);
                else if (random.Next(2) == 0)
                    list.Insert(index, list[index]?.DeepClone());
                else
                    list[index] = Value(list[index], random);
                break;
        }
    }

    /// <summary>The objects and arrays of a tree, itself included.</summary>
    private static void Collect(JsonNode? node, List<JsonNode> nodes)
    {
        if (node is JsonObject dict)
        {
            nodes.Add(dict);
            foreach (KeyValuePair<string, JsonNode?> pair in dict)
                Collect(pair.Value, nodes);
        }
        else if (node is JsonArray list)
        {
            nodes.Add(list);
            foreach (JsonNode? item in list)
                Collect(item, nodes);
        }
    }

    private static JsonNode? Value(JsonNode? old, Random random) => random.Next(12) switch
    {
        0 => null,
        1 => JsonValue.Create(true),
        2 => JsonValue.Create(random.Next(-5, 100)),
        3 => JsonValue.Create(1e300 * random.NextDouble()),
        4 => JsonNode.Parse("123456789012345678901234567890"),
        5 => new JsonArray(old?.DeepClone(), old?.DeepClone()),
        6 => new JsonObject { ["a"] = old?.DeepClone(), ["items"] = 1 },
        7 => JsonValue.Create(""),
        8 => JsonValue.Create("{{ x }}{% raw %}<think>a</think>\n\0é😀"),
        9 => JsonNode.Parse("\"\\ud800\""),
        10 => JsonValue.Create(new string('x', random.Next(5000))),
        _ => old?.DeepClone(),
    };
}
