using System.Text.Json;
using Fourteen.Protocol.Reports;

namespace Fourteen.Protocol.Dialects.OpenAi;

/// <summary>
/// Reports of OpenAI's API, with what llama-server says of a model beside, and what Anthropic's clients read: they ask
/// at the same path.
/// </summary>
public static class OpenAiModels
{
    /// <summary>GET /v1/models.</summary>
    public static void WriteList(IReadOnlyList<ModelStatus> models, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (ModelStatus model in models)
            WriteModel(model, json);
        json.WriteEndArray();
        json.WriteBoolean("has_more", false);
        json.WriteString("first_id", models.Count > 0 ? models[0].Name : null);
        json.WriteString("last_id", models.Count > 0 ? models[^1].Name : null);
        json.WriteEndObject();
    }

    /// <summary>GET /v1/models/{name}.</summary>
    public static void WriteModel(ModelStatus model, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", model.Name);
        json.WriteString("object", "model");
        json.WriteNumber("created", model.ModifiedAt.ToUnixTimeSeconds());
        json.WriteString("owned_by", "fourteen");
        json.WriteNumber("max_model_len", model.Context);
        json.WriteString("type", "model");
        json.WriteString("display_name", model.Name);
        json.WriteString("created_at", model.ModifiedAt);
        json.WriteNumber("max_input_tokens", model.Context);
        json.WriteNumber("max_tokens", model.Context);
        json.WriteStartObject("status");
        json.WriteString("value", model.IsLoaded ? "loaded" : "unloaded");
        json.WriteEndObject();
        json.WriteStartObject("meta");
        if (model.VocabularySize is { } vocabulary)
            json.WriteNumber("n_vocab", vocabulary);
        json.WriteNumber("n_ctx_train", model.ContextTrained);
        json.WriteNumber("n_embd", model.EmbeddingLength);
        json.WriteNumber("n_params", model.ParameterCount);
        json.WriteNumber("size", model.SizeBytes);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
