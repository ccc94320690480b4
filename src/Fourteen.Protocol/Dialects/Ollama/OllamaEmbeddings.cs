using System.Text.Json;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Embeddings;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.Ollama;

/// <summary>Ollama's embeddings, the newer endpoint and the older one.</summary>
public static class OllamaEmbeddings
{
    /// <summary>POST /api/embed. An input that does not fit is an error unless "truncate" is true, which in Ollama it
    /// is without being said.
    /// </summary>
    public static QueryOperation Operation { get; } = new()
    {
        Summary = "Turns texts into vectors (Ollama).",
        Fields = new FieldTable(
        [
            EmbeddingFields.Model,
            Field.Honoured("input", "string or array", "A text, or an array of texts.", EmbeddingFields.ReadInput),
            EmbeddingFields.Truncate,
            Field.Object("options", "Of these, num_ctx matters here.", OllamaFields.Options),
            ServingFields.KeepAlive,
            EmbeddingFields.Pooling,
            Field.Refused("dimensions", "a vector has the model's own length."),
        ]),
        Complete = draft => RequireInput(draft, "input"),
    };

    /// <summary>POST /api/embeddings: one text, and a vector that is not scaled, as Ollama has it there.</summary>
    public static QueryOperation Legacy { get; } = new()
    {
        Summary = "Turns one text into a vector that is not scaled (Ollama's older form).",
        Fields = new FieldTable(
        [
            EmbeddingFields.Model,
            Field.Honoured("prompt", "string", "The text.", (draft, value) => draft.Embedding = draft.Embedding with
            {
                Inputs = [new EmbeddingInput(value.Text(), null)],
                Normalize = false,
            }),
            Field.Object("options", "Of these, num_ctx matters here.", OllamaFields.Options),
            ServingFields.KeepAlive,
            EmbeddingFields.Pooling,
        ]),
        Complete = draft => RequireInput(draft, "prompt"),
    };

    public static void WriteAnswer(EmbeddingAnswer answer, ResponseHeader header, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("model", header.Model);
        json.WriteStartArray("embeddings");
        foreach (float[] vector in answer.Vectors)
            OpenAiEmbeddings.WriteVector(json, vector);
        json.WriteEndArray();
        json.WriteNumber("total_duration", OllamaJson.Nanoseconds(header.LoadTime + answer.Time));
        json.WriteNumber("load_duration", OllamaJson.Nanoseconds(header.LoadTime));
        json.WriteNumber("prompt_eval_count", answer.PromptTokens);
        json.WriteEndObject();
    }

    public static void WriteLegacyAnswer(EmbeddingAnswer answer, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WritePropertyName("embedding");
        OpenAiEmbeddings.WriteVector(json, answer.Vectors[0]);
        json.WriteEndObject();
    }

    private static void RequireInput(RequestDraft draft, string name)
    {
        if (draft.Embedding.Inputs.Count == 0)
            throw new RequestException(name, $"{name} is missing");
    }
}
