using Fourteen.Engine.Answers;
using Fourteen.Engine.Answers.ToolCalls;
using Fourteen.Engine.Models;
using Fourteen.Engine.Tokenizers;
using Fourteen.Testing;

namespace Fourteen.Engine.Tests.Answers.ToolCalls;

/// <summary>Answers in the tokens of the tiny chat model; tests are skipped where its file is not.</summary>
internal static class TinyChat
{
    private static readonly Lazy<ModelText> Loaded = new(() =>
    {
        using ModelFile file = ModelFile.Open(SharedFiles.Model("qwen3-tiny-chat/model.gguf"));
        return ModelText.Read(file);
    });

    internal static ModelText Text
    {
        get
        {
            SharedFiles.Model("qwen3-tiny-chat/model.gguf"); // Each test is skipped, not the first alone.
            return Loaded.Value;
        }
    }

    internal static AnswerOptions Options(ToolCallFormat? format, params string[] names) => new()
    {
        StopTokens = Text.EndTokens,
        Thinking = Text.Thinking,
        Tools = format is null ? null : new ToolCallOptions { Format = format, Names = names },
    };

    /// <summary>Plays an answer after a question and what the template puts behind it, up to the end token.</summary>
    internal static CallRecord Play(AnswerOptions options, string afterStart, string answer)
    {
        Tokenizer tokenizer = Text.Tokenizer;
        Detokenizer detokenizer = tokenizer.CreateDetokenizer(skipSpecial: false);
        var text = new TokenText(detokenizer.Append, detokenizer.Flush, tokenizer.IsControl);
        string prompt = "<|im_start|>user\nHi <think>x</think><|im_end|>\n<|im_start|>assistant\n" + afterStart;
        return CallPlay.Play(
            options, text, tokenizer.Encode(prompt, AddedTokens.All),
            tokenizer.Encode(answer + "<|im_end|>", AddedTokens.All));
    }
}
