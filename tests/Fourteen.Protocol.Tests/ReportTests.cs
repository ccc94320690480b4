using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;
using Fourteen.Protocol.Dialects.LlamaServer;
using Fourteen.Protocol.Dialects.Ollama;
using Fourteen.Protocol.Dialects.OpenAi;
using Fourteen.Protocol.Reports;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>What the dialects say of models.</summary>
public sealed class ReportTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static readonly ModelStatus Loaded = new()
    {
        Name = "qwen3-14b",
        Path = "models/qwen3.gguf",
        SizeBytes = 9_000_000_000,
        ModifiedAt = Time,
        Digest = "ab12",
        Format = "gguf",
        Family = "qwen3",
        ParameterCount = 14_770_000_000,
        Quantization = "Q4_K_M",
        ContextTrained = 40960,
        Context = 8192,
        EmbeddingLength = 5120,
        VocabularySize = 151936,
        Capabilities = ["completion", "tools", "thinking"],
        Template = "{{ messages }}",
        BosToken = "<s>",
        EosToken = "</s>",
        Metadata = new Dictionary<string, object>
        {
            ["general.architecture"] = "qwen3",
            ["general.name"] = "Qwen3",
            ["qwen3.rope.freq_base"] = 1000000f,
            ["general.file_type"] = 15u,
            ["x.infinite"] = double.PositiveInfinity,
            ["x.flag"] = true,
        },
        IsLoaded = true,
        LoadedBytes = 9_500_000_000,
    };

    private static readonly ModelStatus Idle =
        Loaded with { Name = "other", IsLoaded = false, ParameterCount = 2_600_000 };

    [Fact]
    public void ModelList_OfOpenAi_HasLlamaServersMeta()
    {
        JsonNode list = DialectRun.Json(json => OpenAiModels.WriteList([Loaded, Idle], json));

        Assert.Equal(
            DialectRun.Line("""
                {"id":"qwen3-14b","object":"model","created":1772600767,"owned_by":"fourteen","max_model_len":8192,
                "type":"model","display_name":"qwen3-14b","created_at":"2026-03-04T05:06:07Z","max_input_tokens":8192,
                "max_tokens":8192,"status":{"value":"loaded"},"meta":{"n_vocab":151936,"n_ctx_train":40960,
                "n_embd":5120,"n_params":14770000000,"size":9000000000}}
                """),
            list["data"]![0]!.ToJsonString());
        Assert.Equal("unloaded", (string?)list["data"]![1]!["status"]!["value"]);
        Assert.Equal("list", (string?)list["object"]);
        Assert.Equal(("qwen3-14b", "other"), ((string?)list["first_id"], (string?)list["last_id"]));
        Assert.False((bool)list["has_more"]!);
    }

    [Fact]
    public void Tags_ListAllModels_AndLoadedOnesAreInPs()
    {
        JsonNode tags = DialectRun.Json(json => OllamaReports.WriteTags([Loaded, Idle], json));
        JsonNode loaded = DialectRun.Json(json => OllamaReports.WriteLoaded(
            [Loaded, Idle, Loaded with { ExpiresAt = Time.AddMinutes(5) }], json));

        Assert.Equal(
            DialectRun.Line("""
                {"name":"qwen3-14b","model":"qwen3-14b","size":9000000000,"digest":"ab12",
                "modified_at":"2026-03-04T05:06:07.000000000Z","details":{"parent_model":"","format":"gguf",
                "family":"qwen3","families":["qwen3"],"parameter_size":"14.8B","quantization_level":"Q4_K_M"}}
                """),
            tags["models"]![0]!.ToJsonString());
        Assert.Equal("3M", (string?)tags["models"]![1]!["details"]!["parameter_size"]);
        Assert.Equal(
            ["2318-01-01T00:00:00.000000000Z", "2026-03-04T05:11:07.000000000Z"],
            loaded["models"]!.AsArray().Select(model => (string?)model!["expires_at"]));
        Assert.Equal(8192, (int)loaded["models"]![0]!["context_length"]!);
    }

    [Fact]
    public void Show_OfAModel_HasAllOfItsFileWhereThatWasAskedFor()
    {
        JsonNode brief = DialectRun.Json(json => OllamaReports.WriteShow(Loaded, false, json));
        JsonNode verbose = DialectRun.Json(json => OllamaReports.WriteShow(Loaded, true, json));

        Assert.Equal(
            """{"general.architecture":"qwen3","general.parameter_count":14770000000,"qwen3.context_length":40960,"""
            + "\"qwen3.embedding_length\":5120}",
            brief["model_info"]!.ToJsonString());
        Assert.Equal("""["completion","tools","thinking"]""", brief["capabilities"]!.ToJsonString());
        Assert.Equal("{{ messages }}", (string?)brief["template"]);
        JsonNode all = verbose["model_info"]!;
        Assert.Equal(9, all.AsObject().Count);
        Assert.Equal((1e6, 15, true, "Infinity"), (
            (double)all["qwen3.rope.freq_base"]!, (int)all["general.file_type"]!, (bool)all["x.flag"]!,
            (string?)all["x.infinite"]));
    }

    [Fact]
    public void Show_IsReadByEitherName()
    {
        Assert.Equal("a", Bodies.Read("/api/show", """{"name": "a"}""").Chat.Model);
        Assert.Equal("b", Bodies.Read("/api/show", """{"name": "a", "model": "b"}""").Chat.Model);
        Assert.Throws<RequestException>(() => Bodies.Read("/api/show", "{}"));
    }

    [Fact]
    public void Version_AndProps_HaveTheirForms()
    {
        Assert.Equal(
            """{"version":"0.1.0"}""", DialectRun.Text(json => OllamaReports.WriteVersion("0.1.0", json)));
        Assert.Equal(
            DialectRun.Line("""
                {"default_generation_settings":{"n_ctx":8192},"total_slots":4,"model_alias":"qwen3-14b",
                "model_path":"models/qwen3.gguf","modalities":{"vision":false,"audio":false},
                "chat_template":"{{ messages }}","bos_token":"<s>","eos_token":"</s>","build_info":"b1",
                "is_sleeping":false}
                """),
            DialectRun.Text(json => LlamaReports.WriteProps(Loaded, 4, "b1", json)));
    }
}
