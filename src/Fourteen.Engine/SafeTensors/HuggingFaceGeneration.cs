using System.Globalization;
using System.Text;
using System.Text.Json;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>
/// The special tokens, the advice on sampling and the chat templates of a folder, from <c>generation_config.json</c>,
/// <c>config.json</c>, <c>tokenizer_config.json</c> and the <c>.jinja</c> files.
/// </summary>
internal static class HuggingFaceGeneration
{
    /// <summary>Tokenizers with thousands of added tokens have a few MB.</summary>
    private const int TokenizerConfigBytesMax = 32 << 20;

    /// <summary>The longest published templates have about 20 KB.</summary>
    private const int TemplateBytesMax = 4 << 20;

    private const int GenerationConfigBytesMax = 1 << 20;

    private static readonly string[] SamplingNumbers =
        ["temperature", "top_p", "min_p", "typical_p", "repetition_penalty", "presence_penalty", "frequency_penalty"];

    internal static void Read(string folder, JsonSettings config, Dictionary<string, object> values)
    {
        JsonSettings? generation = JsonSettings.Find(folder, "generation_config.json", GenerationConfigBytesMax);
        JsonSettings? tokenizer = JsonSettings.Find(folder, "tokenizer_config.json", TokenizerConfigBytesMax);
        ReadTokens(config, generation, tokenizer, values);
        if (generation is not null)
            ReadSampling(generation, values);
        if (tokenizer is not null)
            ReadTemplates(tokenizer, values);
        if (JsonSettings.Find(folder, "chat_template.json", TemplateBytesMax)?.FindString("chat_template") is { } text)
            values["tokenizer.chat_template"] = text;
        string path = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(path))
            values["tokenizer.chat_template"] = Encoding.UTF8.GetString(SmallFile.Read(path, TemplateBytesMax));
    }

    private static void ReadTokens(
        JsonSettings config, JsonSettings? generation, JsonSettings? tokenizer, Dictionary<string, object> values)
    {
        const string EndKey = "eos_token_id";
        long[]? ends = NonEmpty(generation?.FindIntegers(EndKey)) ?? NonEmpty(config.FindIntegers(EndKey));
        if (ends is not null)
            values["fourteen.eos_token_ids"] = ends;
        Dictionary<string, long> added = AddedTokens(tokenizer);
        foreach ((string name, string key) in ((string, string)[])
            [("bos", "bos"), ("eos", "eos"), ("pad", "padding"), ("unk", "unknown")])
        {
            // The tokenizer's own word comes first, as in llama.cpp's converter.
            long? id = TokenText(tokenizer, name + "_token") is { } text && added.TryGetValue(text, out long found)
                ? found
                : NonEmpty(config.FindIntegers(name + "_token_id"))?[0] ?? (name == "eos" ? ends?[0] : null);
            if (id is { } token)
                values[$"tokenizer.ggml.{key}_token_id"] = token;
        }

        foreach (string name in (string[])["add_bos_token", "add_eos_token"])
        {
            if (tokenizer?.FindBool(name) is { } adds)
                values["tokenizer.ggml." + name] = adds;
        }
    }

    private static long[]? NonEmpty(long[]? ids) => ids is { Length: > 0 } ? ids : null;

    /// <summary>Token by text, from <c>added_tokens_decoder</c>.</summary>
    private static Dictionary<string, long> AddedTokens(JsonSettings? tokenizer)
    {
        Dictionary<string, long> added = new(StringComparer.Ordinal);
        if (tokenizer?.FindObject("added_tokens_decoder") is not { } decoder)
            return added;
        foreach (JsonProperty token in decoder.Properties)
        {
            if (!long.TryParse(token.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
                throw decoder.Refuse(token.Name, "the keys here must be token ids");
            if (FindText(token.Value, "content") is { } content)
                added.TryAdd(content, id);
        }

        return added;
    }

    /// <summary>A special token is its text, or an object that has it as <c>content</c>.</summary>
    private static string? TokenText(JsonSettings? tokenizer, string key) =>
        tokenizer?.FindElement(key) is { ValueKind: JsonValueKind.Object } token
            ? FindText(token, "content")
            : tokenizer?.FindString(key);

    private static string? FindText(JsonElement item, string key) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(key, out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static void ReadSampling(JsonSettings generation, Dictionary<string, object> values)
    {
        const string Prefix = "fourteen.sampling.";
        if (generation.FindBool("do_sample") is { } samples)
            values[Prefix + "do_sample"] = samples;
        if (generation.FindInteger("top_k") is { } topK)
            values[Prefix + "top_k"] = topK;
        foreach (string key in SamplingNumbers)
        {
            if (generation.FindNumber(key) is { } number)
                values[Prefix + key] = number;
        }
    }

    private static void ReadTemplates(JsonSettings tokenizer, Dictionary<string, object> values)
    {
        const string Key = "chat_template";
        if (tokenizer.FindElement(Key) is not { ValueKind: JsonValueKind.Array } list)
        {
            if (tokenizer.FindString(Key) is { } text)
                values["tokenizer.chat_template"] = text;
            return;
        }

        List<string> names = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (FindText(item, "name") is not { } name || FindText(item, "template") is not { } template)
                throw tokenizer.Refuse(Key, "each template of the list must have a name and a template");
            if (name == "default")
            {
                values["tokenizer.chat_template"] = template;
            }
            else
            {
                values["tokenizer.chat_template." + GgufCursor.Printable(name)] = template;
                names.Add(name);
            }
        }

        if (names.Count > 0)
            values["tokenizer.chat_templates"] = names.ToArray();
    }
}
