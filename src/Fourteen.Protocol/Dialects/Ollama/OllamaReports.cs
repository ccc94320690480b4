using System.Globalization;
using System.Text.Json;
using Fourteen.Protocol.Failures;
using Fourteen.Protocol.Reports;

namespace Fourteen.Protocol.Dialects.Ollama;

/// <summary>What Ollama's API says of models.</summary>
public static class OllamaReports
{
    /// <summary>What Ollama says of a model that stays for ever: clients read a time in any case.</summary>
    private static readonly DateTimeOffset Never = new(2318, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>POST /api/show; the model's name is in the draft's request.</summary>
    public static QueryOperation Show { get; } = new()
    {
        Summary = "Says what a model is (Ollama).",
        Fields = new FieldTable(
        [
            Field.Honoured("name", "string", "The older name of model.",
                (draft, value) => draft.Chat = draft.Chat with { Model = value.Text() }),
            ServingFields.Model,
            Field.Honoured("verbose", "boolean", "Whether all that the model's file says is shown.",
                (draft, value) => draft.Verbose = value.Flag()),
            Field.RefusedUnless("system", "\"\"", "models are not made here."),
            Field.RefusedUnless("template", "\"\"", "models are not made here."),
            Field.Harmless("options", "Nothing is computed."),
        ]),
        Complete = draft =>
        {
            if (string.IsNullOrEmpty(draft.Chat.Model))
                throw new RequestException("model", "model is missing");
        },
    };

    /// <summary>GET /api/tags.</summary>
    public static void WriteTags(IReadOnlyList<ModelStatus> models, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("models");
        foreach (ModelStatus model in models)
        {
            json.WriteStartObject();
            WriteName(model, json);
            json.WriteString("modified_at", OllamaJson.TimeOf(model.ModifiedAt));
            WriteDetails(model, json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>GET /api/ps: those of the models that are loaded.</summary>
    public static void WriteLoaded(IReadOnlyList<ModelStatus> models, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("models");
        foreach (ModelStatus model in models.Where(model => model.IsLoaded))
        {
            json.WriteStartObject();
            WriteName(model, json);
            WriteDetails(model, json);
            json.WriteString("expires_at", OllamaJson.TimeOf(model.ExpiresAt ?? Never));
            json.WriteNumber("size_vram", 0); // The processor computes.
            json.WriteNumber("context_length", model.Context);
            json.WriteNumber("memory", model.LoadedBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The answer of /api/show.</summary>
    public static void WriteShow(ModelStatus model, bool isVerbose, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("license", model.License);
        json.WriteString("modelfile", $"FROM {model.Path}\n");
        json.WriteString("parameters", string.Create(CultureInfo.InvariantCulture, $"num_ctx {model.Context}"));
        json.WriteString("template", model.Template);
        WriteDetails(model, json);
        json.WriteStartObject("model_info");
        json.WriteString("general.architecture", model.Family);
        json.WriteNumber("general.parameter_count", model.ParameterCount);
        json.WriteNumber($"{model.Family}.context_length", model.ContextTrained);
        json.WriteNumber($"{model.Family}.embedding_length", model.EmbeddingLength);
        if (isVerbose)
        {
            string[] written =
            [
                "general.architecture", "general.parameter_count", $"{model.Family}.context_length",
                $"{model.Family}.embedding_length",
            ];
            foreach ((string key, object value) in model.Metadata.Where(pair => !written.Contains(pair.Key)))
                WriteValue(json, key, value);
        }

        json.WriteEndObject();
        json.WriteStartArray("capabilities");
        foreach (string capability in model.Capabilities)
            json.WriteStringValue(capability);
        json.WriteEndArray();
        json.WriteString("modified_at", OllamaJson.TimeOf(model.ModifiedAt));
        json.WriteEndObject();
    }

    /// <summary>GET /api/version.</summary>
    public static void WriteVersion(string version, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("version", version);
        json.WriteEndObject();
    }

    private static void WriteName(ModelStatus model, Utf8JsonWriter json)
    {
        json.WriteString("name", model.Name);
        json.WriteString("model", model.Name);
        json.WriteNumber("size", model.SizeBytes);
        json.WriteString("digest", model.Digest ?? "");
    }

    private static void WriteDetails(ModelStatus model, Utf8JsonWriter json)
    {
        json.WriteStartObject("details");
        json.WriteString("parent_model", "");
        json.WriteString("format", model.Format);
        json.WriteString("family", model.Family);
        json.WriteStartArray("families");
        json.WriteStringValue(model.Family);
        json.WriteEndArray();
        json.WriteString("parameter_size", SizeOf(model.ParameterCount));
        json.WriteString("quantization_level", model.Quantization);
        json.WriteEndObject();
    }

    /// <summary>As Ollama writes it: "14.8B", "135M".</summary>
    private static string SizeOf(long parameters) => parameters switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e9:F1}B"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e6:F0}M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e3:F0}K"),
    };

    private static void WriteValue(Utf8JsonWriter json, string key, object value)
    {
        switch (value)
        {
            case bool flag:
                json.WriteBoolean(key, flag);
                break;
            case ulong number:
                json.WriteNumber(key, number);
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                json.WriteNumber(key, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case float or double when double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)):
                json.WriteNumber(key, Convert.ToDouble(value, CultureInfo.InvariantCulture));
                break;
            default:
                json.WriteString(key, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
