using System.Text.Json;
using Fourteen.Cli.Batches;
using Fourteen.Cli.Output;
using Fourteen.Protocol.Chat;

namespace Fourteen.Cli.Commands;

/// <summary>A conversation as JSON: an array of objects with role and content.</summary>
internal static class SavedMessages
{
    private static readonly string[] Roles = ["system", "user", "assistant", "tool"];

    /// <summary>Throws <see cref="RowException"/> naming the message that is not one.</summary>
    public static IEnumerable<ChatMessage> Read(JsonElement json, string file)
    {
        if (json.ValueKind != JsonValueKind.Array)
            throw new RowException($"{file} must be a JSON array of messages, found {BatchRow.Describe(json)}");
        int index = 0;
        foreach (JsonElement item in json.EnumerateArray())
        {
            string role = Text(item, "role", index);
            if (!Roles.Contains(role))
            {
                throw new RowException(
                    $"the role of message {index} must be {string.Join(", ", Roles)}, found {Quoted.Piece(role)}");
            }

            yield return new ChatMessage(role, Text(item, "content", index));
            index++;
        }
    }

    private static string Text(JsonElement message, string name, int index)
    {
        bool found = message.ValueKind == JsonValueKind.Object && message.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String;
        return found
            ? message.GetProperty(name).GetString()! // A JSON string is not null.
            : throw new RowException(
                $"message {index} must have the text \"{name}\", found {BatchRow.Describe(message)}");
    }
}
