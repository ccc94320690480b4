using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Unicode;
using System.Text;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Reads a Hugging Face <c>tokenizer.json</c>. The vocabulary and the merges, nearly all of the file, are streamed from
/// the bytes; the small sections that describe the stages are read as documents by <see cref="TokenizerJsonStages"/>.
/// </summary>
internal sealed class TokenizerJsonReader
{
    private readonly string _path;
    private readonly int _idsMax;
    private readonly PackedStrings _texts = new();
    private readonly PackedStrings _merges = new();
    private readonly HashSet<string> _sectionsRead = new(StringComparer.Ordinal);
    private readonly TokenizerJsonStages _stages;
    private byte[] _buffer = new byte[1024];
    private string? _unknownToken;
    private bool _ignoreMerges;
    private string _place = "";   // what is being read, for messages
    private JsonElement _addedTokens;

    private TokenizerJsonReader(string path, int bytes)
    {
        _path = path;
        _idsMax = Math.Max(TokenizerDefinition.IdsAlwaysAllowed, bytes);
        _stages = new TokenizerJsonStages(path);
    }

    internal static TokenizerDefinition Read(string path, ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        if (json.StartsWith(byteOrderMark))
            json = json[byteOrderMark.Length..];
        if (!Utf8.IsValid(json))
            throw new ModelFileException(path, "", "the file must be UTF-8, but it is not");

        var reader = new TokenizerJsonReader(path, json.Length);
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
        Expect(ref reader, JsonTokenType.StartObject, "an object");
        while (NextProperty(ref reader, "", out string name))
        {
            switch (name)
            {
                case "model":
                    ReadModel(ref reader);
                    break;
                case "added_tokens":
                    _addedTokens = JsonElement.ParseValue(ref reader);
                    break;
                case "normalizer":
                    _stages.ReadNormalizer(JsonElement.ParseValue(ref reader));
                    break;
                case "pre_tokenizer":
                    _stages.ReadPreTokenizer(JsonElement.ParseValue(ref reader));
                    break;
                case "post_processor":
                    _stages.ReadPostProcessor(JsonElement.ParseValue(ref reader));
                    break;
                case "decoder":
                    _stages.ReadDecoder(JsonElement.ParseValue(ref reader));
                    break;
                default:
                    reader.Skip();   // version, truncation, padding: nothing that changes ids
                    break;
            }
        }

        reader.Read();   // throws where something follows the object
    }

    private void ReadModel(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "an object");
        while (NextProperty(ref reader, "model.", out string name))
        {
            switch (name)
            {
                case "type":
                    Expect(ref reader, JsonTokenType.String, "a string");
                    if (!reader.ValueTextEquals("BPE"u8))
                        throw Fail($"the model must be BPE, but it is \"{TokenizerText.Shorten(reader.ValueSpan)}\"");
                    break;
                case "vocab":
                    ReadVocabulary(ref reader);
                    break;
                case "merges":
                    ReadMerges(ref reader);
                    break;
                case "unk_token":
                    _unknownToken = reader.TokenType == JsonTokenType.Null ? null : RequireString(ref reader);
                    break;
                case "ignore_merges":
                    _ignoreMerges = RequireBool(ref reader);
                    break;
                case "byte_fallback":
                    if (RequireBool(ref reader))
                        throw Fail("a BPE model with byte fallback is not supported");
                    break;
                case "dropout":
                    if (reader.TokenType != JsonTokenType.Null && (!reader.TryGetDouble(out double rate) || rate != 0))
                        throw Fail("dropout must be null or 0: it would make tokens random");
                    break;
                case "continuing_subword_prefix":
                case "end_of_word_suffix":
                    if (reader.TokenType != JsonTokenType.Null && RequireString(ref reader).Length > 0)
                        throw Fail("a prefix or suffix of tokens is not supported");
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadVocabulary(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "an object from token to id");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            ReadOnlySpan<byte> token = Text(ref reader);
            reader.Read();
            bool isId = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int id);
            id = isId ? reader.GetInt32() : -1;
            if ((uint)id >= (uint)_idsMax)
                throw Fail($"the id of \"{TokenizerText.Shorten(token)}\" must be a whole number below {_idsMax}");
            if (_texts.IsSet(id))
                throw Fail($"each id belongs to one token, but {id} is given to two");
            _texts.Set(id, token);
        }
    }

    // ["a", "b"], or "a b" in older files.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadMerges(ref Utf8JsonReader reader)
    {
        const string rule = "a merge is [\"left\", \"right\"] or \"left right\"";
        Expect(ref reader, JsonTokenType.StartArray, "an array");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                ReadOnlySpan<byte> merge = Text(ref reader);
                int space = merge.IndexOf((byte)' ');
                if (space <= 0 || space == merge.Length - 1 || merge[(space + 1)..].Contains((byte)' '))
                    throw Fail($"{rule}, but number {_merges.Count / 2} is \"{TokenizerText.Shorten(merge)}\"");
                _merges.Add(merge[..space]);
                _merges.Add(merge[(space + 1)..]);
                continue;
            }

            bool isPair = reader.TokenType == JsonTokenType.StartArray;
            for (int part = 0; part < 2; part++)
            {
                isPair = isPair && reader.Read() && reader.TokenType == JsonTokenType.String;
                if (isPair)
                    _merges.Add(Text(ref reader));
            }

            if (!isPair || !reader.Read() || reader.TokenType != JsonTokenType.EndArray)
                throw Fail($"{rule}, but number {_merges.Count / 2} is neither");
        }
    }

    private TokenizerDefinition Complete()
    {
        foreach (string section in (ReadOnlySpan<string>)["model.vocab", "model.merges", "pre_tokenizer"])
        {
            _place = section;
            if (!_sectionsRead.Contains(section))
                throw Fail("this section must be there, but it is missing");
        }

        int vocabularyCount = _texts.Count;
        List<AddedToken> added = ReadAddedTokens();
        var kinds = new TokenKind[_texts.Count];
        for (int id = 0; id < vocabularyCount; id++)
            kinds[id] = _texts.IsSet(id) ? TokenKind.Normal : TokenKind.Unused;
        foreach (AddedToken token in added)
            kinds[token.Id] = token.IsControl ? TokenKind.Control : TokenKind.UserDefined;

        (string? bosText, bool addBos) = _stages.Bos;
        return new TokenizerDefinition
        {
            Path = _path,
            Spelling = Spelling.ByteAlphabet,
            Texts = _texts,
            Kinds = kinds,
            Added = added,
            Merges = _merges,
            MergesPlace = "model.merges",
            Stages = _stages.Scanners,
            Nfc = _stages.Nfc,
            IgnoreMerges = _ignoreMerges,
            UnknownId = FindId(_unknownToken, "model.unk_token"),
            BosId = FindId(bosText, "post_processor"),
            AddBos = addBos,
        };
    }

    private List<AddedToken> ReadAddedTokens()
    {
        var added = new List<AddedToken>();
        if (_addedTokens.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return added;

        _place = "added_tokens";
        if (_addedTokens.ValueKind != JsonValueKind.Array)
            throw Fail("this must be an array");
        int bytes = 0;
        foreach (JsonElement item in _addedTokens.EnumerateArray())
        {
            _place = $"added_tokens[{added.Count}]";
            if (item.ValueKind != JsonValueKind.Object)
                throw Fail("an added token must be an object");
            byte[] text = Encoding.UTF8.GetBytes(JsonFields.RequireString(_path, _place, item, "content"));
            bytes += text.Length;
            if (text.Length is 0 or > AddedToken.BytesMax || bytes > TokenizerDefinition.AddedBytesMax)
            {
                throw Fail($"\"content\" must have 1 to {AddedToken.BytesMax} bytes, and all added tokens together "
                    + $"{TokenizerDefinition.AddedBytesMax}, but this one has {text.Length}");
            }

            bool hasId = item.TryGetProperty("id", out JsonElement value) && value.ValueKind == JsonValueKind.Number
                && value.TryGetInt32(out int id);
            id = hasId ? value.GetInt32() : -1;
            if ((uint)id >= (uint)_idsMax)
                throw Fail($"\"id\" must be a whole number from 0 to {_idsMax - 1}");

            _texts.Set(id, text);
            added.Add(new AddedToken(id, text, Flag(item, "special"), Flag(item, "lstrip"), Flag(item, "rstrip"),
                Flag(item, "single_word"), Flag(item, "normalized")));
        }

        return added;
    }

    private bool Flag(JsonElement item, string name) => JsonFields.FindBool(_path, _place, item, name) ?? false;

    private int? FindId(string? text, string place)
    {
        if (text is null)
            return null;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int id = 0; id < _texts.Count; id++)
        {
            if (_texts.IsSet(id) && _texts[id].SequenceEqual(bytes))
                return id;
        }

        _place = place;
        throw Fail($"the token \"{TokenizerText.Shorten(text)}\" is not in the vocabulary");
    }

    // The next property, with the reader on its value. A section that comes twice is refused: no reader of JSON agrees
    // with the next on which one counts.
    private bool NextProperty(ref Utf8JsonReader reader, string parent, out string name)
    {
        name = "";
        reader.Read();
        if (reader.TokenType != JsonTokenType.PropertyName)
            return false;
        name = reader.GetString()!;   // a property has a name
        _place = TokenizerText.Shorten(parent + name);
        if (!_sectionsRead.Add(_place))
            throw Fail("this section is there twice");
        reader.Read();
        return true;
    }

    private ReadOnlySpan<byte> Text(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueSpan;
        if (_buffer.Length < reader.ValueSpan.Length)
            _buffer = new byte[reader.ValueSpan.Length * 2];
        return _buffer.AsSpan(0, reader.CopyString(_buffer));
    }

    private string RequireString(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.String, "a string");
        return reader.GetString()!;   // a string token has a value
    }

    private bool RequireBool(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
            throw Fail($"this must be true or false, but it is {reader.TokenType}");
        return reader.GetBoolean();
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string wanted)
    {
        if (reader.TokenType != type)
            throw Fail($"this must be {wanted}, but it is {reader.TokenType}");
    }

    private ModelFileException Fail(string rule, Exception? cause = null) => new(_path, _place, rule, "", cause);
}
