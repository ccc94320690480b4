using Fourteen.Protocol.Embeddings;

namespace Fourteen.Protocol.Dialects;

/// <summary>Fields of embeddings that dialects share.</summary>
internal static class EmbeddingFields
{
    /// <summary>Inputs of one request: OpenAI's own limit.</summary>
    private const int InputsMax = 2048;

    internal static Field Model { get; } = Field.Honoured(
        "model", "string", "The name of a served model; without it, the one that was loaded first.",
        (draft, value) => draft.Embedding = draft.Embedding with { Model = value.Text() });

    internal static Field Pooling { get; } = Field.Honoured(
        "pooling", "string", "mean, last or cls; without it, as the model was made for.",
        (draft, value) => draft.Embedding = draft.Embedding with
        {
            Pooling = value.Word("mean", "last", "cls") switch
            {
                "mean" => EmbeddingPooling.Mean,
                "last" => EmbeddingPooling.Last,
                _ => EmbeddingPooling.Cls,
            },
        });

    internal static Field Normalize { get; } = Field.Honoured(
        "normalize", "boolean", "Whether vectors are scaled to length 1; they are unless this is false.",
        (draft, value) => draft.Embedding = draft.Embedding with { Normalize = value.Flag() });

    internal static Field Truncate { get; } = Field.Honoured(
        "truncate", "boolean", "Whether an input that is too long is cut off at its end; without it, that is an error.",
        (draft, value) => draft.Embedding = draft.Embedding with { Truncate = value.Flag() });

    /// <summary>A text, ids, or an array of either.</summary>
    internal static void ReadInput(RequestDraft draft, WireValue value)
    {
        EmbeddingInput[] inputs = value.IsArray && !value.Items().FirstOrDefault().IsNumber
            ? [.. value.Items().Select(ReadOne)]
            : [ReadOne(value)];
        if (inputs.Length is 0 or > InputsMax)
            throw value.Wrong($"a text, or an array of 1 to {InputsMax} texts");
        draft.Embedding = draft.Embedding with { Inputs = inputs };
    }

    private static EmbeddingInput ReadOne(WireValue value)
    {
        if (value.IsText)
            return new EmbeddingInput(value.Text(), null);
        if (!value.IsArray)
            throw value.Wrong("a text, or an array of token ids");
        int[] tokens = [.. value.Items().Select(item => item.Integer(0, int.MaxValue))];
        return tokens.Length > 0 ? new EmbeddingInput(null, tokens) : throw value.Wrong("an array that is not empty");
    }
}
