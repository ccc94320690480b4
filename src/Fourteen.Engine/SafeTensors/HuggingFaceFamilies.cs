using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.SafeTensors;

/// <summary>The model types that can be read from a folder, one row each.</summary>
internal static class HuggingFaceFamilies
{
    private static readonly HuggingFaceFamily Llama = new("llama", "llama");

    private static readonly HuggingFaceFamily Qwen2 = new("qwen2", "qwen2")
    {
        Defaults = """{"sliding_window": 4096, "max_window_layers": 28}""",
        // Query, key and value always have a bias.
        IgnoredKeys = ["attention_bias"],
        Windows = WindowedLayers.FromLayer,
    };

    private static readonly HuggingFaceFamily Qwen3 = Qwen2 with
    {
        ModelType = "qwen3",
        Architecture = "qwen3",
        IgnoredKeys = [],
        Defaults = """{"head_dim": 128, "sliding_window": 4096, "max_window_layers": 28}""",
        LayerNames = new()
        {
            ["self_attn.q_norm"] = "attn_q_norm",
            ["self_attn.k_norm"] = "attn_k_norm",
        },
    };

    private static readonly HuggingFaceFamily Qwen3Moe = Qwen3 with
    {
        ModelType = "qwen3_moe",
        Architecture = "qwen3moe",
        Defaults = """{"norm_topk_prob": false}""",
        // Versions of transformers disagree about which layers its window is for, and no published model has one.
        Windows = WindowedLayers.None,
        Experts = true,
        LayerNames = new(Qwen3.LayerNames)
        {
            ["mlp.gate"] = "ffn_gate_inp",
            ["mlp.experts.*.gate_proj"] = "ffn_gate.*",
            ["mlp.experts.*.up_proj"] = "ffn_up.*",
            ["mlp.experts.*.down_proj"] = "ffn_down.*",
            ["mlp.experts.gate_up_proj"] = FusedExperts.GateUp,
            ["mlp.experts.down_proj"] = FusedExperts.Down,
        },
    };

    private static readonly HuggingFaceFamily Mistral = new("mistral", "llama")
    {
        Defaults = """{"sliding_window": 4096}""",
        Windows = WindowedLayers.All,
    };

    private static readonly HuggingFaceFamily Mixtral = Mistral with
    {
        ModelType = "mixtral",
        Defaults = """{"rms_norm_eps": 1e-5, "rope_theta": 1e6, "norm_topk_prob": true}""",
        Experts = true,
        LayerNames = new()
        {
            ["block_sparse_moe.gate"] = "ffn_gate_inp",
            ["block_sparse_moe.experts.*.w1"] = "ffn_gate.*",
            ["block_sparse_moe.experts.*.w3"] = "ffn_up.*",
            ["block_sparse_moe.experts.*.w2"] = "ffn_down.*",
            // The names that transformers 5 gives them.
            ["mlp.gate"] = "ffn_gate_inp",
            ["mlp.experts.gate_up_proj"] = FusedExperts.GateUp,
            ["mlp.experts.down_proj"] = FusedExperts.Down,
        },
    };

    private static readonly HuggingFaceFamily Phi3 = new("phi3", "phi3")
    {
        Defaults = """{"rms_norm_eps": 1e-5, "original_max_position_embeddings": 4096}""",
        Windows = WindowedLayers.All,
        LongRope = true,
        LayerNames = new()
        {
            ["self_attn.qkv_proj"] = "attn_qkv",
            ["mlp.gate_up_proj"] = "ffn_up",
        },
    };

    private static readonly HuggingFaceFamily Gemma = new("gemma", "gemma")
    {
        Defaults = """{"head_dim": 256, "tie_word_embeddings": true}""",
        // Files of the first Gemma say "gelu" and mean its tanh form.
        ActivationKeys = ["hidden_activation", "hidden_act"],
        Activations = ["gelu_pytorch_tanh", "gelu"],
        NormOffset = 1,
    };

    private static readonly HuggingFaceFamily Gemma2 = Gemma with
    {
        ModelType = "gemma2",
        Architecture = "gemma2",
        Defaults = """
            {"head_dim": 256, "tie_word_embeddings": true, "sliding_window": 4096, "query_pre_attn_scalar": 256,
             "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0}
            """,
        ActivationKeys = ["hidden_activation"],
        Activations = ["gelu_pytorch_tanh"],
        Windows = WindowedLayers.Pattern,
        SoftCaps = true,
        QueryScale = true,
        LayerNames = new()
        {
            ["post_attention_layernorm"] = "post_attention_norm",
            ["pre_feedforward_layernorm"] = "ffn_norm",
            ["post_feedforward_layernorm"] = "post_ffw_norm",
        },
    };

    private static readonly HuggingFaceFamily Gemma3Text = Gemma2 with
    {
        ModelType = "gemma3_text",
        Architecture = "gemma3",
        // Published files of 4B and more state only what differs from these.
        Defaults = """
            {"head_dim": 256, "tie_word_embeddings": true, "sliding_window": 4096, "query_pre_attn_scalar": 256,
             "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 262208,
             "max_position_embeddings": 131072, "rope_theta": 1e6, "rope_local_base_freq": 1e4}
            """,
        LocalRope = true,
        LayerNames = new(Gemma2.LayerNames)
        {
            ["self_attn.q_norm"] = "attn_q_norm",
            ["self_attn.k_norm"] = "attn_k_norm",
        },
    };

    private static readonly HuggingFaceFamily Gemma3 = Gemma3Text with
    {
        ModelType = "gemma3",
        TextConfig = "text_config",
    };

    private static readonly HuggingFaceFamily[] Rows =
        [Qwen3, Qwen3Moe, Qwen2, Llama, Mistral, Mixtral, Gemma, Gemma2, Gemma3Text, Gemma3, Phi3];

    /// <summary>The row that <c>model_type</c> names.</summary>
    /// <exception cref="ModelFileException">There is none.</exception>
    internal static HuggingFaceFamily Require(JsonSettings config)
    {
        const string Key = "model_type";
        string name = config.FindString(Key)
            ?? throw config.Refuse(Key, "this key must be there, but it is missing");
        return Array.Find(Rows, row => row.ModelType == name) ?? throw config.Refuse(
            Key, $"the model type {GgufCursor.Printable(name)} cannot be read from a folder",
            $"use a GGUF file of this model, or one of: {string.Join(", ", Rows.Select(row => row.ModelType))}");
    }
}
