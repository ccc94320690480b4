using System.Text;
using System.Text.Json.Nodes;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>Makes a wrong JSON document out of a right one; the same seed makes the same.</summary>
internal static class JsonMutator
{
    private static readonly string[] _values =
    [
        "null", "true", "0", "-1", "1.5", "2147483648", "1e400", "\"\"", "\"x\"", "\"\\u0000\"", "[]", "{}", "[[]]",
        "{\"type\":\"Sequence\"}", "\"a b\"", "\"\\u0120\"", "\"BPE\"", "1048575", "16777216",
    ];

    internal static byte[] Mutate(string json, int seed)
    {
        var random = new Random(seed);
        JsonNode root = JsonNode.Parse(json)!;
        for (int times = 1 + random.Next(3); times > 0; times--)
            MutateNode(root, random);

        byte[] bytes = Encoding.UTF8.GetBytes(root.ToJsonString());
        if (random.Next(4) != 0)
            return bytes;
        if (random.Next(2) == 0)
            return bytes[..random.Next(bytes.Length)];
        for (int flips = 1 + random.Next(4); flips > 0; flips--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    // Walks down at random, so that the few fields near the root are hit as often as the many tokens.
    private static void MutateNode(JsonNode node, Random random)
    {
        while (true)
        {
            int count = node is JsonObject map ? map.Count : ((JsonArray)node).Count;
            if (count == 0)
                return;
            int index = random.Next(count);
            JsonNode? child = node is JsonObject parent ? parent.GetAt(index).Value : node[index];
            if (child is JsonObject or JsonArray && random.Next(4) != 0)
            {
                node = child;
                continue;
            }

            Change(node, index, random);
            return;
        }
    }

    private static void Change(JsonNode node, int index, Random random)
    {
        JsonNode? value = JsonNode.Parse(_values[random.Next(_values.Length)]);
        bool remove = random.Next(3) == 0;
        if (node is JsonArray array)
        {
            if (remove)
                array.RemoveAt(index);
            else if (random.Next(2) == 0)
                array.Insert(index, array[index]?.DeepClone());
            else
                array[index] = value;
            return;
        }

        JsonObject map = node.AsObject();
        if (remove)
            map.RemoveAt(index);
        else if (random.Next(4) == 0)
            map[$"{map.GetAt(index).Key}{(char)random.Next(0x20, 0x3000)}"] = value;
        else
            map.SetAt(index, value);
    }
}
