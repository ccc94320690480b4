using System.Text.Json;
using System.Text.Json.Nodes;
using Fourteen.Protocol.Chat;

namespace Fourteen.Protocol.Dialects;

/// <summary>Notices in a response, in a field that no dialect has.</summary>
internal static class NoticeJson
{
    /// <summary>What a dialect has no field for: how the request was served.</summary>
    internal static void Write(Utf8JsonWriter json, IReadOnlyList<Notice> notices)
    {
        if (notices.Count == 0)
            return;
        json.WriteStartObject("fourteen");
        json.WriteStartArray("notices");
        foreach (Notice notice in notices)
        {
            json.WriteStartObject();
            json.WriteString("code", notice.Code);
            json.WriteString("message", notice.Message);
            if (notice.Details is not null)
            {
                json.WritePropertyName("details");
                notice.Details.WriteTo(json);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A call whose arguments have no end, where a dialect has objects and not text.</summary>
    internal static Notice CutOff(GeneratedCall call) => new(
        "arguments_cut_off",
        $"The arguments of the call of \"{call.Name}\" are no JSON object, as the answer was cut off; their text is in "
        + "the details.",
        new JsonObject { ["id"] = call.Id, ["name"] = call.Name, ["arguments"] = call.Arguments });
}
