using System.Text;
using Fourteen.Engine.Gguf;

namespace Fourteen.Engine.Tokenizers;

/// <summary>Reads the tokenizer out of the keys <c>tokenizer.ggml.*</c> of a GGUF file.</summary>
internal static class GgufTokenizerReader
{
    private const string ModelKey = "tokenizer.ggml.model";
    private const string PreKey = "tokenizer.ggml.pre";
    private const string TokensKey = "tokenizer.ggml.tokens";
    private const string TypesKey = "tokenizer.ggml.token_type";
    private const string MergesKey = "tokenizer.ggml.merges";
    private const string AddBosKey = "tokenizer.ggml.add_bos_token";

    private const string ScoresKey = "tokenizer.ggml.scores";
    private const string SpacePrefixKey = "tokenizer.ggml.add_space_prefix";

    internal static TokenizerDefinition Read(GgufMetadata metadata)
    {
        string model = metadata.RequireString(ModelKey);
        return model switch
        {
            "gpt2" => ReadByteLevel(metadata),
            "llama" or "gemma4" => ReadSentencePiece(metadata, isByScore: model is "llama"),
            _ => throw new ModelFileException(metadata.Path, ModelKey,
                $"the tokenizer must be one of gpt2, llama, gemma4, but it is \"{TokenizerText.Shorten(model)}\""),
        };
    }

    private static TokenizerDefinition ReadByteLevel(GgufMetadata metadata)
    {
        PreTokenizer family = ReadFamily(metadata);
        string[] tokens = metadata.FindStrings(TokensKey) ?? throw Missing(metadata, TokensKey);
        string[] merges = metadata.FindStrings(MergesKey) ?? throw Missing(metadata, MergesKey);
        TokenKind[] kinds = ReadKinds(metadata, tokens.Length);
        PackedStrings texts = Pack(metadata, tokens);
        return new TokenizerDefinition
        {
            Path = metadata.Path,
            Spelling = Spelling.ByteAlphabet,
            Texts = texts,
            Kinds = kinds,
            Added = AddedToken.OfKinds(metadata.Path, TokensKey, texts, kinds),
            Merges = SplitMerges(metadata, merges),
            MergesPlace = MergesKey,
            Stages = family.Stages,
            Nfc = NeedsNfc(metadata),
            IgnoreMerges = family.IgnoreMerges,
            BosId = FindId(metadata, "tokenizer.ggml.bos_token_id", tokens.Length),
            EosId = FindId(metadata, "tokenizer.ggml.eos_token_id", tokens.Length),
            PadId = FindId(metadata, "tokenizer.ggml.padding_token_id", tokens.Length),
            AddBos = metadata.FindBool(AddBosKey) ?? family.AddBos,
        };
    }

    // Llama 2 and kin merge by the scores of tokens, Gemma 4 by a list.
    private static TokenizerDefinition ReadSentencePiece(GgufMetadata metadata, bool isByScore)
    {
        string[] tokens = metadata.FindStrings(TokensKey) ?? throw Missing(metadata, TokensKey);
        TokenKind[] kinds = ReadKinds(metadata, tokens.Length);
        PackedStrings texts = Pack(metadata, tokens);
        if (metadata.FindBool("tokenizer.ggml.remove_extra_whitespaces") is true)
        {
            throw new ModelFileException(metadata.Path, "tokenizer.ggml.remove_extra_whitespaces",
                "a tokenizer that removes white space is not supported");
        }

        return new TokenizerDefinition
        {
            Path = metadata.Path,
            Spelling = Spelling.SpaceMarks,
            Texts = texts,
            Kinds = kinds,
            Added = AddedToken.OfKinds(metadata.Path, TokensKey, texts, kinds),
            Merges = isByScore ? null
                : SplitMerges(metadata, metadata.FindStrings(MergesKey) ?? throw Missing(metadata, MergesKey)),
            MergesPlace = MergesKey,
            Ranks = isByScore ? ReadRanks(metadata, tokens.Length) : [],
            Stages = [],
            DummyPrefix = metadata.FindBool(SpacePrefixKey) ?? isByScore,
            UnknownId = FindId(metadata, "tokenizer.ggml.unknown_token_id", tokens.Length),
            BosId = FindId(metadata, "tokenizer.ggml.bos_token_id", tokens.Length),
            EosId = FindId(metadata, "tokenizer.ggml.eos_token_id", tokens.Length),
            PadId = FindId(metadata, "tokenizer.ggml.padding_token_id", tokens.Length),
            AddBos = metadata.FindBool(AddBosKey) ?? true,
        };
    }

    private static int[] ReadRanks(GgufMetadata metadata, int count)
    {
        double[] scores = metadata.FindFloats(ScoresKey) ?? throw Missing(metadata, ScoresKey);
        if (scores.Length != count)
        {
            throw new ModelFileException(metadata.Path, ScoresKey,
                $"there must be one score for each of the {count} tokens, but there are {scores.Length}");
        }

        return ScoreRanks.Of(metadata.Path, ScoresKey, scores);
    }

    private static PreTokenizer ReadFamily(GgufMetadata metadata)
    {
        string known = $"the known pre-tokenizers are {PreTokenizers.KnownNames}";
        string name = metadata.FindString(PreKey) ?? throw new ModelFileException(metadata.Path, PreKey,
            "the key that names the pre-tokenizer is missing, and a wrong one would cut text into other tokens than "
            + "the model was trained on", $"convert the model again with a current converter; {known}");
        return PreTokenizers.FindByName(name) ?? throw new ModelFileException(metadata.Path, PreKey,
            $"the pre-tokenizer \"{TokenizerText.Shorten(name)}\" is not supported", known);
    }

    /// <summary>
    /// A GGUF file does not say whether text is normalized. The original tokenizers of Qwen3 normalize to NFC, so their
    /// models saw nothing else. Files of the earlier Qwen families, which share the pre-tokenizer's name, are read as
    /// they stand, without.
    /// </summary>
    private static bool NeedsNfc(GgufMetadata metadata) =>
        metadata.FindString("general.architecture") is "qwen3" or "qwen3moe"
        && metadata.FindString(PreKey) is "qwen2";

    private static TokenKind[] ReadKinds(GgufMetadata metadata, int count)
    {
        var kinds = new TokenKind[count];
        long[]? types = metadata.FindIntegers(TypesKey);
        if (types is null)
        {
            Array.Fill(kinds, TokenKind.Normal);
            return kinds;
        }

        if (types.Length != count)
        {
            throw new ModelFileException(metadata.Path, TypesKey,
                $"there must be one type for each of the {count} tokens, but there are {types.Length}");
        }

        for (int id = 0; id < count; id++)
        {
            kinds[id] = types[id] switch
            {
                1 => TokenKind.Normal,
                2 => TokenKind.Unknown,
                3 => TokenKind.Control,
                4 => TokenKind.UserDefined,
                5 => TokenKind.Unused,
                6 => TokenKind.Byte,
                _ => throw new ModelFileException(metadata.Path, $"{TypesKey}[{id}]",
                    $"a token type is a number from 1 to 6, but this one is {types[id]}"),
            };
        }

        return kinds;
    }

    private static PackedStrings Pack(GgufMetadata metadata, string[] tokens)
    {
        var texts = new PackedStrings();
        byte[] buffer = new byte[1024];
        for (int id = 0; id < tokens.Length; id++)
            texts.Set(id, Utf8(metadata, tokens[id], ref buffer));
        return texts;
    }

    private static PackedStrings SplitMerges(GgufMetadata metadata, string[] merges)
    {
        var parts = new PackedStrings();
        byte[] buffer = new byte[1024];
        for (int rank = 0; rank < merges.Length; rank++)
        {
            ReadOnlySpan<byte> merge = Utf8(metadata, merges[rank], ref buffer);
            // The left part is not empty, so that the separator is not its first character.
            int space = merge.IsEmpty ? -1 : merge[1..].IndexOf((byte)' ') + 1;
            if (space <= 0)
            {
                throw new ModelFileException(metadata.Path, $"{MergesKey}[{rank}]",
                    $"a merge is two parts with a space between, but this one is \"{TokenizerText.Shorten(merge)}\"");
            }

            parts.Add(merge[..space]);
            parts.Add(merge[(space + 1)..]);
        }

        return parts;
    }

    private static ReadOnlySpan<byte> Utf8(GgufMetadata metadata, string text, ref byte[] buffer)
    {
        if (text.Length > PackedStrings.BytesMax / 3)
            throw new ModelFileException(metadata.Path, TokensKey, $"a token of {text.Length} chars is too long");
        if (buffer.Length < text.Length * 3)
            buffer = new byte[text.Length * 3];
        return buffer.AsSpan(0, Encoding.UTF8.GetBytes(text, buffer));
    }

    private static int? FindId(GgufMetadata metadata, string key, int count)
    {
        long? id = metadata.FindInteger(key);
        if (id is < 0 || id >= count)
        {
            throw new ModelFileException(metadata.Path, key,
                $"a token id must lie below the number of tokens, {count}, but this one is {id}");
        }

        return (int?)id;
    }

    private static ModelFileException Missing(GgufMetadata metadata, string key) =>
        new(metadata.Path, key, "this key must be there, but it is missing");
}
