using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;

namespace Fourteen.Protocol.Tests;

/// <summary>A value for each field that changes what is read; what it needs beside it stands first.</summary>
internal static class FieldSamples
{
    private const string Tool = """
        "tools": [{"type": "function", "function": {"name": "f"}}]
        """;

    /// <summary>Members of the body by the field's path; by the path at the end where one is meant.</summary>
    private static readonly Dictionary<string, string> Samples = new()
    {
        ["messages"] = """{"messages": [{"role": "user", "content": "Bye"}]}""",
        ["tools"] = "{" + Tool + "}",
        ["tools /v1/messages"] = """{"tools": [{"name": "f", "input_schema": {}}]}""",
        ["tools /v1/messages/count_tokens"] = """{"tools": [{"name": "f", "input_schema": {}}]}""",
        ["tool_choice"] = "{" + Tool + """, "tool_choice": "required"}""",
        ["tool_choice /v1/messages"] = """
            {"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "any"}}
            """,
        ["tool_choice /v1/messages/count_tokens"] = """
            {"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "any"}}
            """,
        ["top_logprobs"] = """{"logprobs": true, "top_logprobs": 3}""",
        ["logprobs"] = """{"logprobs": true}""",
        ["logprobs /v1/completions"] = """{"logprobs": 2}""",
        ["reasoning_effort"] = """{"reasoning_effort": "low"}""",
        ["chat_template_kwargs"] = """{"chat_template_kwargs": {"enable_thinking": false}}""",
        ["continue_final_message"] = """
            {"messages": [{"role": "assistant", "content": "A"}], "continue_final_message": true}
            """,
        ["stop_token_ids"] = """{"stop_token_ids": [5]}""",
        ["logit_bias"] = """{"logit_bias": {"5": 1}}""",
        ["mirostat"] = """{"mirostat": 2}""",
        ["mirostat_tau"] = """{"mirostat": 2, "mirostat_tau": 3}""",
        ["options.mirostat"] = """{"options": {"mirostat": 2}}""",
        ["options.mirostat_tau"] = """{"options": {"mirostat": 2, "mirostat_tau": 3}}""",
        ["options.repeat_last_n"] = """{"options": {"repeat_last_n": 0}}""",
        ["structured_outputs.json"] = """{"structured_outputs": {"json": {"type": "object"}}}""",
        ["structured_outputs.choice"] = """{"structured_outputs": {"choice": ["a"]}}""",
        ["guided_json"] = """{"guided_json": {"type": "object"}}""",
        ["guided_choice"] = """{"guided_choice": ["a"]}""",
        ["json_schema"] = """{"json_schema": {"type": "object"}}""",
        ["response_format"] = """{"response_format": {"type": "json_object"}}""",
        ["context_overflow"] = """{"context_overflow": "drop_oldest"}""",
        ["keep_alive"] = """{"keep_alive": "5m"}""",
        ["prompt"] = """{"prompt": "Bye"}""",
        ["system"] = """{"system": "S"}""",
        ["stop_sequences"] = """{"stop_sequences": ["x"]}""",
        ["thinking.type"] = """{"thinking": {"type": "adaptive"}}""",
        ["thinking.budget_tokens"] = """{"thinking": {"type": "enabled", "budget_tokens": 2000}}""",
        ["thinking.display"] = """{"thinking": {"display": "omitted"}}""",
        ["output_config.effort"] = """{"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}""",
        ["output_config.format.schema"] = """
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}
            """,
        ["output_format.schema"] = """{"output_format": {"type": "json_schema", "schema": {"type": "object"}}}""",
        ["think"] = """{"think": "high"}""",
        ["format"] = """{"format": "json"}""",
        ["encoding_format"] = """{"encoding_format": "base64"}""",
        ["pooling"] = """{"pooling": "cls"}""",
        ["input"] = """{"input": ["a", "b"]}""",
        ["input_extra"] = """{"input_extra": [{"filename": "f", "text": "t"}]}""",
        ["tokens"] = """{"tokens": [7]}""",
        ["name"] = """{"model": null, "name": "other"}""",
    };

    /// <summary>Honoured fields whose only accepted value changes nothing.</summary>
    internal static readonly string[] Silent =
        ["add_special_tokens", "output_config.format.type", "output_format.type"];

    internal static JsonObject Of(string endpoint, string path, Field field)
    {
        if (Samples.TryGetValue($"{path} {endpoint}", out string? sample) || Samples.TryGetValue(path, out sample))
            return (JsonObject)JsonNode.Parse(sample)!;
        return Nest(path, Usual(field));
    }

    /// <summary>An object in which a value stands at a path.</summary>
    internal static JsonObject Nest(string path, JsonNode? value)
    {
        JsonNode? nested = value;
        foreach (string name in path.Split('.').Reverse())
            nested = new JsonObject { [name] = nested };
        return (JsonObject)nested!;
    }

    /// <summary>Flags are sent the other way round where they are the usual one.</summary>
    private static JsonNode Usual(Field field) => field.Type?.Split(" or ")[0] switch
    {
        "boolean" => field.Name is "parallel_tool_calls" or "include_reasoning" or "cache_prompt" or "stream"
            or "parse_special" or "normalize" or "enable_thinking"
            ? field.Name == "stream" ? true : false
            : true,
        "integer" => 7,
        "number" => 0.25,
        "string" => "x",
        string other => throw new InvalidOperationException($"{field.Name} of type {other} needs a sample"),
        null => throw new InvalidOperationException($"{field.Name} needs a type"),
    };
}
