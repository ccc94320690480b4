using System.Text.Json;
using Fourteen.Protocol.Reports;

namespace Fourteen.Protocol.Dialects.LlamaServer;

/// <summary>What llama-server says of itself.</summary>
public static class LlamaReports
{
    /// <summary>GET /props.</summary>
    /// <param name="sequencesMax">Requests that are computed at once; llama-server calls them slots.</param>
    public static void WriteProps(ModelStatus model, int sequencesMax, string build, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("default_generation_settings");
        json.WriteNumber("n_ctx", model.Context);
        json.WriteEndObject();
        json.WriteNumber("total_slots", sequencesMax);
        json.WriteString("model_alias", model.Name);
        json.WriteString("model_path", model.Path);
        json.WriteStartObject("modalities");
        json.WriteBoolean("vision", false);
        json.WriteBoolean("audio", false);
        json.WriteEndObject();
        json.WriteString("chat_template", model.Template);
        json.WriteString("bos_token", model.BosToken);
        json.WriteString("eos_token", model.EosToken);
        json.WriteString("build_info", build);
        json.WriteBoolean("is_sleeping", !model.IsLoaded);
        json.WriteEndObject();
    }
}
