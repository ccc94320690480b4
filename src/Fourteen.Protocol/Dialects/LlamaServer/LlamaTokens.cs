using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Fourteen.Protocol.Chat;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Failures;

namespace Fourteen.Protocol.Dialects.LlamaServer;

/// <summary>What llama-server says of tokens and templates; nothing is generated.</summary>
public static class LlamaTokens
{
    /// <summary>POST /tokenize: the text of the draft's request becomes tokens.</summary>
    public static QueryOperation Tokenize { get; } = new()
    {
        Summary = "Turns a text into tokens (llama-server).",
        Fields = new FieldTable(
        [
            ServingFields.Model,
            Field.Honoured("content", "string", "The text.",
                (draft, value) => draft.Chat = draft.Chat with { Text = value.Text() }),
            Field.Honoured("add_special", "boolean", "Whether the model's first token is put in front.",
                (draft, value) => draft.AddSpecial = value.Flag()),
            Field.Honoured("parse_special", "boolean",
                "Whether names of tokens that steer become these tokens; they do unless this is false.",
                (draft, value) => draft.ParseSpecial = value.Flag()),
            Field.Honoured("with_pieces", "boolean", "Whether each token comes with its text, or with its bytes where "
                + "they are no text.", (draft, value) => draft.Verbose = value.Flag()),
        ]),
        Complete = draft =>
        {
            if (draft.Chat.Text is null)
                throw new RequestException("content", "content is missing");
        },
    };

    /// <summary>POST /detokenize: the tokens of the draft's request become a text.</summary>
    public static QueryOperation Detokenize { get; } = new()
    {
        Summary = "Turns tokens into a text (llama-server).",
        Fields = new FieldTable(
        [
            ServingFields.Model,
            Field.Honoured("tokens", "array", "Token ids.", (draft, value) => draft.Chat = draft.Chat with
            {
                Tokens = [.. value.Items().Select(item => item.Integer(0, int.MaxValue))],
            }),
        ]),
        Complete = draft =>
        {
            if (draft.Chat.Tokens is null)
                throw new RequestException("tokens", "tokens is missing");
        },
    };

    /// <summary>POST /apply-template: the body of a chat becomes the text of its prompt.</summary>
    public static QueryOperation ApplyTemplate { get; } = new()
    {
        Summary = "Renders a conversation's prompt (llama-server); the body is that of /v1/chat/completions.",
        Fields = OpenAiChat.Operation.Fields,
        Complete = OpenAiChat.Operation.Complete,
    };

    /// <summary>POST /models/load.</summary>
    public static QueryOperation Load { get; } = Named("Loads a model (llama-server).");

    /// <summary>POST /models/unload.</summary>
    public static QueryOperation Unload { get; } = Named("Unloads a model (llama-server).");

    /// <param name="tokens">Ids with their bytes.</param>
    public static void WriteTokens(
        RequestDraft draft, IReadOnlyList<(int Id, byte[] Bytes)> tokens, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("tokens");
        foreach ((int id, byte[] bytes) in tokens)
        {
            if (draft.Verbose)
                WritePiece(json, id, bytes);
            else
                json.WriteNumberValue(id);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteText(string text, Utf8JsonWriter json) => WriteSingle("content", text, json);

    public static void WritePrompt(string prompt, Utf8JsonWriter json) => WriteSingle("prompt", prompt, json);

    /// <summary>The answer of loading and unloading.</summary>
    public static void WriteSuccess(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteBoolean("success", true);
        json.WriteEndObject();
    }

    private static void WriteSingle(string name, string value, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString(name, value);
        json.WriteEndObject();
    }

    private static void WritePiece(Utf8JsonWriter json, int id, byte[] bytes)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        if (Utf8.IsValid(bytes))
        {
            json.WriteString("piece", Encoding.UTF8.GetString(bytes));
        }
        else
        {
            json.WriteStartArray("piece");
            foreach (byte value in bytes)
                json.WriteNumberValue(value);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static QueryOperation Named(string summary) => new()
    {
        Summary = summary,
        Fields = new FieldTable(ServingFields.Model),
        Complete = draft =>
        {
            if (string.IsNullOrEmpty(draft.Chat.Model))
                throw new RequestException("model", "model is missing");
        },
    };
}
