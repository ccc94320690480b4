using System.Text;
using System.Text.Json.Nodes;

namespace Fourteen.Testing;

/// <summary>
/// Makes broken and odd variants of templates and of their variables, the same ones for the same seed: pieces of
/// templates are spliced, doubled and left out, and values of the JSON are changed, dropped and repeated.
/// </summary>
/// <param name="templates">Templates to take pieces from; at least one.</param>
/// <param name="variables">Variables of templates to change; at least one.</param>
/// <param name="seed">The seed, to print on failure.</param>
public sealed class TemplateMutator(IReadOnlyList<string> templates, IReadOnlyList<JsonObject> variables, int seed)
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

    private readonly Random _random = new(seed);

    /// <summary>The next template with its variables.</summary>
    public (string Template, JsonObject Variables) Next()
    {
        List<string> tokens = Tokens(Pick(templates));
        int mutations = _random.Next(MutationsMax);
        for (int i = 0; i < mutations; i++)
            Mutate(tokens);
        var changed = (JsonObject)Pick(variables).DeepClone();
        mutations = _random.Next(MutationsMax);
        for (int i = 0; i < mutations; i++)
            MutateNode(changed);
        return (string.Concat(tokens), changed);
    }

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

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

    private void Mutate(List<string> tokens)
    {
        if (tokens.Count == 0)
            tokens.Add(Pick(Pieces));
        int at = _random.Next(tokens.Count);
        int length = Math.Min(_random.Next(1, 30), tokens.Count - at);
        switch (_random.Next(6))
        {
            case 0:
                tokens.RemoveRange(at, length);
                break;
            case 1:
                tokens.InsertRange(_random.Next(tokens.Count), tokens.GetRange(at, length));
                break;
            case 2:
                tokens.Insert(at, Pick(Pieces));
                break;
            case 3:
                tokens[at] = Pick(Pieces);
                break;
            case 4:
                (int other, string token) = (_random.Next(tokens.Count), tokens[at]);
                tokens[at] = tokens[other];
                tokens[other] = token;
                break;
            default:
                List<string> donor = Tokens(Pick(templates));
                int from = _random.Next(donor.Count);
                tokens.InsertRange(at, donor.GetRange(from, Math.Min(_random.Next(1, 60), donor.Count - from)));
                break;
        }
    }

    private void MutateNode(JsonNode root)
    {
        var nodes = new List<JsonNode>();
        Collect(root, nodes);
        switch (nodes[_random.Next(nodes.Count)])
        {
            case JsonObject { Count: > 0 } dict:
                string key = dict.ElementAt(_random.Next(dict.Count)).Key;
                if (_random.Next(3) == 0)
                    dict.Remove(key);
                else
                    dict[key] = Value(dict[key]);
                break;
            case JsonArray { Count: > 0 } list:
                int index = _random.Next(list.Count);
                if (_random.Next(3) == 0)
                    list.RemoveAt(index);
                else if (_random.Next(2) == 0)
                    list.Insert(index, list[index]?.DeepClone());
                else
                    list[index] = Value(list[index]);
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

    private JsonNode? Value(JsonNode? old) => _random.Next(12) switch
    {
        0 => null,
        1 => JsonValue.Create(true),
        2 => JsonValue.Create(_random.Next(-5, 100)),
        3 => JsonValue.Create(1e300 * _random.NextDouble()),
        4 => JsonNode.Parse("123456789012345678901234567890"),
        5 => new JsonArray(old?.DeepClone(), old?.DeepClone()),
        6 => new JsonObject { ["a"] = old?.DeepClone(), ["items"] = 1 },
        7 => JsonValue.Create(""),
        8 => JsonValue.Create("{{ x }}{% raw %}<think>a</think>\n\0é😀"),
        9 => JsonNode.Parse("\"\\ud800\""),
        10 => JsonValue.Create(new string('x', _random.Next(5000))),
        _ => old?.DeepClone(),
    };
}
