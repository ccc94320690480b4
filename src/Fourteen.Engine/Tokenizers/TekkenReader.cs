using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Reads Mistral's <c>tekken.json</c>: a split pattern and tokens as bytes with ranks. Any two neighbours merge that
/// are a token together, the lowest rank first; the ids of the special tokens come before the ranks.
/// </summary>
internal sealed class TekkenReader
{
    // The names that Mistral's first files of this kind, which hold no list of them, gave to the special tokens; the
    // others are <SPECIAL_14> and so on.
    private static readonly string[] _specialNames =
    [
        "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
        "[/TOOL_RESULTS]", "[TOOL_CALLS]", "<pad>", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
    ];

    private readonly string _path;
    private readonly int _ranksMax;
    private readonly PackedStrings _tokens = new();   // by rank
    private JsonElement _config;
    private JsonElement _specialTokens;
    private string _place = "";

    private TekkenReader(string path, int bytes)
    {
        _path = path;
        _ranksMax = Math.Max(TokenizerDefinition.IdsAlwaysAllowed, bytes);
    }

    internal static TokenizerDefinition Read(string path, ReadOnlySpan<byte> json)
    {
        var reader = new TekkenReader(path, json.Length);
        return JsonFields.Guard(
            json,
            text =>
            {
                reader.ReadRoot(text);
                return reader.Complete();
            },
            reader.Fail);
    }

    private void ReadRoot(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Fail("the file must hold an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            _place = TokenizerText.Shorten(reader.GetString()!);   // a property has a name
            reader.Read();
            if (_place is "config")
                _config = JsonElement.ParseValue(ref reader);
            else if (_place is "special_tokens")
                _specialTokens = JsonElement.ParseValue(ref reader);
            else if (_place is "vocab")
                ReadVocabulary(ref reader);
            else
                reader.Skip();
        }

        reader.Read();   // throws where something follows the object
    }

    private void ReadVocabulary(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray || _tokens.Count > 0)
            throw Fail("this must be one array");
        byte[] bytes = new byte[256];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Fail("a token must be an object");
            int rank = -1;
            int length = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isRank = reader.ValueTextEquals("rank"u8);
                bool isBytes = reader.ValueTextEquals("token_bytes"u8);
                reader.Read();
                if (isRank && (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out rank)))
                    throw Fail("\"rank\" must be a whole number");
                if (isBytes)
                    length = ReadBase64(ref reader, ref bytes);
                reader.Skip();
            }

            if ((uint)rank >= (uint)_ranksMax || length == 0 || _tokens.IsSet(rank))
                throw Fail($"a token needs bytes and a rank of its own below {_ranksMax}, but rank {rank} has not");
            _tokens.Set(rank, bytes.AsSpan(0, length));
        }
    }

    private int ReadBase64(ref Utf8JsonReader reader, ref byte[] bytes)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw Fail("\"token_bytes\" must be a string");
        if (bytes.Length < reader.ValueSpan.Length)
            bytes = new byte[reader.ValueSpan.Length * 2];
        int copied = reader.CopyString(bytes);
        OperationStatus status = Base64.DecodeFromUtf8InPlace(bytes.AsSpan(0, copied), out int written);
        if (status != OperationStatus.Done)
            throw Fail($"\"token_bytes\" must be base64, but it is \"{TokenizerText.Shorten(reader.ValueSpan)}\"");
        return written;
    }

    private TokenizerDefinition Complete()
    {
        _place = "config";
        if (_config.ValueKind != JsonValueKind.Object)
            throw Fail("this section must be there, as an object");
        string pattern = JsonFields.RequireString(_path, _place, _config, "pattern");
        Scanner scanner = PreTokenizers.FindByPattern(pattern)
            ?? throw Fail($"the pattern \"{pattern[..Math.Min(pattern.Length, 400)]}\" is not supported");
        int specialCount = RequireCount("default_num_special_tokens");
        int count = RequireCount("default_vocab_size");
        if (specialCount > count || count - specialCount > _tokens.Count)
        {
            throw Fail(
                $"{count} tokens, {specialCount} of them special, need {count - specialCount} in the vocabulary, "
                + $"but it has {_tokens.Count}");
        }

        // The file may hold more tokens than the model has; those with the highest ranks are left out.
        var texts = new PackedStrings();
        var kinds = new TokenKind[count];
        var ranks = new int[count];
        for (int id = specialCount; id < count; id++)
        {
            texts.Set(id, _tokens[id - specialCount]);
            kinds[id] = _tokens.IsSet(id - specialCount) ? TokenKind.Normal : TokenKind.Unused;
            ranks[id] = id;
        }

        List<AddedToken> added = ReadSpecialTokens(specialCount);
        foreach (AddedToken token in added)
        {
            texts.Set(token.Id, token.Text);
            kinds[token.Id] = TokenKind.Control;
        }

        return new TokenizerDefinition
        {
            Path = _path,
            Spelling = Spelling.Bytes,
            Texts = texts,
            Kinds = kinds,
            Added = added,
            Ranks = ranks,
            Stages = [scanner],
            IgnoreMerges = true,
            BosId = IdOf(added, "<s>"),
            EosId = IdOf(added, "</s>"),
            PadId = IdOf(added, "<pad>"),
            AddBos = true,
        };
    }

    private List<AddedToken> ReadSpecialTokens(int count)
    {
        _place = "special_tokens";
        var names = new string?[count];
        for (int id = 0; id < count && _specialTokens.ValueKind != JsonValueKind.Array; id++)
            names[id] = id < _specialNames.Length ? _specialNames[id] : $"<SPECIAL_{id}>";
        if (_specialTokens.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in _specialTokens.EnumerateArray())
            {
                bool hasRank = item.ValueKind == JsonValueKind.Object
                    && item.TryGetProperty("rank", out JsonElement value)
                    && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int rank)
                    && (uint)rank < (uint)count;
                if (!hasRank)
                    throw Fail($"each must be an object with a rank below {count}");
                names[item.GetProperty("rank").GetInt32()] = JsonFields.RequireString(_path, _place, item, "token_str");
            }
        }

        var added = new List<AddedToken>();
        int bytes = 0;
        for (int id = 0; id < count; id++)
        {
            byte[] text = Encoding.UTF8.GetBytes(names[id] ?? $"<SPECIAL_{id}>");
            bytes += text.Length;
            if (text.Length is 0 or > AddedToken.BytesMax || bytes > TokenizerDefinition.AddedBytesMax)
                throw Fail(
                    $"the special token {id} must have 1 to {AddedToken.BytesMax} bytes, but it has {text.Length}");
            added.Add(new AddedToken(id, text, true, false, false, false, false));
        }

        return added;
    }

    private int RequireCount(string name)
    {
        bool isCount = _config.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out int count) && (uint)count <= (uint)_ranksMax;
        return isCount ? value.GetInt32() : throw Fail($"\"{name}\" must be a whole number up to {_ranksMax}");
    }

    private static int? IdOf(List<AddedToken> added, string name) =>
        added.Find(token => token.Text.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(name)))?.Id;

    private ModelFileException Fail(string rule, Exception? cause = null) => new(_path, _place, rule, "", cause);
}
