using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>Small valid files of the other two kinds of tokenizers, made in the test.</summary>
internal static class SmallTokenizerFiles
{
    private const string TekkenPattern =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
        + @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
        + @"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string[] Words = ["he", "ll", "hell", "hello", " h", " hello", "caf", "12"];

    /// <summary>A tekken.json of the bytes and some words; <paramref name="listed"/> adds the newer files' list of
    /// special tokens.</summary>
    internal static byte[] Tekken(bool listed)
    {
        const int SpecialCount = 16;
        byte[][] tokens =
        [
            .. Enumerable.Range(0, 256).Select(value => (byte[])[(byte)value]), .. Words.Select(Encoding.UTF8.GetBytes),
        ];
        var document = new JsonObject
        {
            ["config"] = new JsonObject
            {
                ["pattern"] = TekkenPattern,
                ["num_vocab_tokens"] = tokens.Length,
                ["default_vocab_size"] = tokens.Length + SpecialCount,
                ["default_num_special_tokens"] = SpecialCount,
                ["version"] = "v3",
            },
            ["vocab"] = new JsonArray([.. tokens.Select((bytes, rank) => new JsonObject
            {
                ["rank"] = rank,
                ["token_bytes"] = Convert.ToBase64String(bytes),
                ["token_str"] = Encoding.UTF8.GetString(bytes),
            })]),
        };
        if (listed)
        {
            document["special_tokens"] = new JsonArray(
                new JsonObject { ["rank"] = 0, ["token_str"] = "<unk>", ["is_control"] = true },
                new JsonObject { ["rank"] = 1, ["token_str"] = "<s>", ["is_control"] = true },
                new JsonObject { ["rank"] = 2, ["token_str"] = "</s>", ["is_control"] = true });
        }

        return Encoding.UTF8.GetBytes(document.ToJsonString());
    }

    /// <summary>A tokenizer.model of the BPE kind: control tokens, the bytes, some characters and words.</summary>
    internal static byte[] SentencePiece()
    {
        var model = new MemoryStream();
        void Piece(string text, float score, byte type)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            byte[] value = new byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(value, score);
            byte[] message = [0x0A, (byte)bytes.Length, .. bytes, 0x15, .. value, 0x18, type];
            model.Write([0x0A, (byte)message.Length, .. message]);
        }

        Piece("<unk>", 0, 2);
        Piece("<s>", 0, 3);
        Piece("</s>", 0, 3);
        for (int value = 0; value < 256; value++)
            Piece($"<0x{value:X2}>", 0, 6);
        Piece("<tool>", 0, 4);
        float rank = 0;
        foreach (string word in (string[])[.. Words, "h", "e", "l", " "])
            Piece(word.Replace(' ', '\u2581'), --rank, 1);
        model.Write([0x12, 2, 0x18, 2]); // trainer_spec: model_type BPE
        model.Write([0x1A, 2, 0x20, 0]); // normalizer_spec: remove_extra_whitespaces false
        return model.ToArray();
    }
}
