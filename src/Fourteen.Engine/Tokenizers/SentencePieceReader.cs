using System.Buffers.Binary;
using System.Text.Unicode;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Reads a SentencePiece <c>tokenizer.model</c> of the BPE kind: a protocol buffer (<c>sentencepiece_model.proto</c>)
/// with the pieces, their scores and types, and the specifications of trainer and normalizer.
/// </summary>
internal sealed class SentencePieceReader
{
    private const int BpeModel = 2;

    private readonly string _path;
    private readonly PackedStrings _texts = new();
    private readonly List<double> _scores = [];
    private readonly List<TokenKind> _kinds = [];

    // The defaults of sentencepiece_model.proto.
    private long _modelType = 1;
    private long _unknownId;
    private long _bosId = 1;
    private long _eosId = 2;
    private long _padId = -1;
    private bool _marksSuffix;
    private bool _addsDummyPrefix = true;
    private bool _removesExtraSpaces = true;
    private bool _escapesSpaces = true;
    private bool _mapsCharacters;

    private SentencePieceReader(string path) => _path = path;

    internal static TokenizerDefinition Read(string path, ReadOnlySpan<byte> model)
    {
        var reader = new SentencePieceReader(path);
        try
        {
            reader.ReadModel(model);
            return reader.Complete();
        }
        catch (InvalidDataException cause)
        {
            throw new ModelFileException(path, $"piece {reader._kinds.Count}", cause.Message,
                "this is no SentencePiece model, or it is damaged; download it again", cause);
        }
    }

    private void ReadModel(ReadOnlySpan<byte> model)
    {
        var fields = new ProtobufFields(model);
        while (fields.Next())
        {
            if (fields.Number == 1)
                ReadPiece(fields.Bytes);
            else if (fields.Number == 2)
                ReadTrainer(fields.Bytes);
            else if (fields.Number == 3)
                ReadNormalizer(fields.Bytes);
        }
    }

    private void ReadPiece(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> text = default;
        float score = 0;
        long type = 1;
        var fields = new ProtobufFields(message);
        while (fields.Next())
        {
            if (fields.Number == 1)
                text = fields.Bytes;
            else if (fields.Number == 2)
                score = BinaryPrimitives.ReadSingleLittleEndian(fields.Fixed32);
            else if (fields.Number == 3)
                type = fields.Varint;
        }

        if (!Utf8.IsValid(text))
            throw new InvalidDataException("a piece must be UTF-8");
        _texts.Set(_kinds.Count, text);
        _scores.Add(score);
        _kinds.Add(type switch
        {
            1 => TokenKind.Normal,
            2 => TokenKind.Unknown,
            3 => TokenKind.Control,
            4 => TokenKind.UserDefined,
            5 => TokenKind.Unused,
            6 => TokenKind.Byte,
            _ => throw new InvalidDataException($"a piece's type is a number from 1 to 6, but this one is {type}"),
        });
    }

    private void ReadTrainer(ReadOnlySpan<byte> message)
    {
        var fields = new ProtobufFields(message);
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case 3:
                    _modelType = fields.Varint;
                    break;
                case 24:
                    _marksSuffix = fields.Varint != 0;
                    break;
                case 40:
                    _unknownId = fields.Varint;
                    break;
                case 41:
                    _bosId = fields.Varint;
                    break;
                case 42:
                    _eosId = fields.Varint;
                    break;
                case 43:
                    _padId = fields.Varint;
                    break;
            }
        }
    }

    private void ReadNormalizer(ReadOnlySpan<byte> message)
    {
        var fields = new ProtobufFields(message);
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case 2:
                    _mapsCharacters = !fields.Bytes.IsEmpty;
                    break;
                case 3:
                    _addsDummyPrefix = fields.Varint != 0;
                    break;
                case 4:
                    _removesExtraSpaces = fields.Varint != 0;
                    break;
                case 5:
                    _escapesSpaces = fields.Varint != 0;
                    break;
            }
        }
    }

    private TokenizerDefinition Complete()
    {
        Refuse(_kinds.Count == 0, "the model must have pieces, but it has none");
        Refuse(_modelType != BpeModel, $"trainer_spec.model_type must be 2 (BPE), but it is {_modelType}");
        Refuse(_mapsCharacters, "normalizer_spec.precompiled_charsmap must be empty: a normalizer is not supported");
        Refuse(_removesExtraSpaces, "normalizer_spec.remove_extra_whitespaces must be false");
        Refuse(!_escapesSpaces, "normalizer_spec.escape_whitespaces must be true");
        Refuse(_marksSuffix, "trainer_spec.treat_whitespace_as_suffix must be false");
        TokenKind[] kinds = _kinds.ToArray();
        return new TokenizerDefinition
        {
            Path = _path,
            Spelling = Spelling.SpaceMarks,
            Texts = _texts,
            Kinds = kinds,
            Added = AddedToken.OfKinds(_path, "pieces", _texts, kinds),
            Ranks = ScoreRanks.Of(_path, "score", _scores.ToArray()),
            Stages = [],
            DummyPrefix = _addsDummyPrefix,
            UnknownId = Id(_unknownId),
            BosId = Id(_bosId),
            EosId = Id(_eosId),
            PadId = Id(_padId),
            // The file doesn't say; the models that use such files all expect it.
            AddBos = _bosId >= 0,
        };
    }

    private int? Id(long id)
    {
        if (id < 0)
            return null;
        Refuse(id >= _kinds.Count, $"an id in trainer_spec must lie below {_kinds.Count}, but one is {id}");
        return (int)id;
    }

    private void Refuse(bool isWrong, string rule)
    {
        if (isWrong)
            throw new ModelFileException(_path, "", rule);
    }
}
