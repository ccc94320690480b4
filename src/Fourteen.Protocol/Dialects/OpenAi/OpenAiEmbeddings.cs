using System.Runtime.InteropServices;
using System.Text.Json;
using Fourteen.Protocol.Embeddings;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.OpenAi;

/// <summary>OpenAI's embeddings.</summary>
public static class OpenAiEmbeddings
{
    /// <summary>POST /v1/embeddings.</summary>
    public static QueryOperation Operation { get; } = new()
    {
        Summary = "Turns texts into vectors (OpenAI).",
        Fields = new FieldTable(
        [
            EmbeddingFields.Model,
            Field.Honoured("input", "string or array", "A text, token ids, or an array of either.",
                EmbeddingFields.ReadInput),
            Field.Honoured("encoding_format", "string", "float, or base64 of little-endian 32-bit floats.",
                (draft, value) => draft.Base64 = value.Word("float", "base64") == "base64"),
            EmbeddingFields.Pooling,
            EmbeddingFields.Normalize,
            EmbeddingFields.Truncate,
            ServingFields.Context,
            ServingFields.KeepAlive,
            Field.Harmless("user", "Callers are told apart by their keys."),
            Field.Refused("dimensions", "a vector has the model's own length."),
            Field.Refused("truncate_prompt_tokens", "nothing is cut off in silence; see truncate."),
        ]),
        Complete = draft =>
        {
            if (draft.Embedding.Inputs.Count == 0)
                throw new RequestException("input", "input is missing");
        },
    };

    public static void WriteAnswer(
        RequestDraft draft, EmbeddingAnswer answer, ResponseHeader header, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteString("model", header.Model);
        json.WriteStartArray("data");
        for (int i = 0; i < answer.Vectors.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("object", "embedding");
            json.WriteNumber("index", i);
            json.WritePropertyName("embedding");
            if (draft.Base64)
                json.WriteBase64StringValue(MemoryMarshal.AsBytes(answer.Vectors[i].AsSpan())); // x86 and Arm alike.
            else
                WriteVector(json, answer.Vectors[i]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", answer.PromptTokens);
        json.WriteNumber("total_tokens", answer.PromptTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    internal static void WriteVector(Utf8JsonWriter json, float[] vector)
    {
        json.WriteStartArray();
        foreach (float value in vector)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
