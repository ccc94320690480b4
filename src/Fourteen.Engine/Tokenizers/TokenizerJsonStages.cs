using System.Text.Json;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// The sections of <c>tokenizer.json</c> that describe the stages around the merges. Whatever is not known exactly is
/// refused by name: a stage left out would give other tokens than the model was trained on.
/// </summary>
internal sealed class TokenizerJsonStages(string path)
{
    private const string NormalizerPlace = "normalizer";
    private const string PreTokenizerPlace = "pre_tokenizer";
    private const string DecoderPlace = "decoder";

    private readonly List<Scanner> _scanners = [];
    private bool _isByteLevel;

    internal bool Nfc { get; private set; }

    /// <summary>The token put before a text, if any, and whether there is one.</summary>
    internal (string? Token, bool Add) Bos { get; private set; }

    internal Scanner[] Scanners => _scanners.ToArray();

    internal void ReadNormalizer(JsonElement normalizer)
    {
        foreach (JsonElement step in Flatten(normalizer, NormalizerPlace, "normalizers"))
        {
            string type = TypeOf(step, NormalizerPlace);
            if (type is not "NFC")
                throw Unsupported(NormalizerPlace, "normalizer", type, "NFC, Sequence");
            Nfc = true;
        }
    }

    internal void ReadPreTokenizer(JsonElement preTokenizer)
    {
        foreach (JsonElement step in Flatten(preTokenizer, PreTokenizerPlace, "pretokenizers"))
        {
            string type = TypeOf(step, PreTokenizerPlace);
            // What follows ByteLevel would see the byte alphabet, where only ASCII is still itself.
            if (_isByteLevel && type is not "Split")
                throw new ModelFileException(path, PreTokenizerPlace, $"after ByteLevel {type} is not supported");
            switch (type)
            {
                case "Split":
                    _scanners.Add(ReadSplit(step));
                    break;
                case "Punctuation":
                    if (JsonFields.RequireString(path, PreTokenizerPlace, step, "behavior") is not "Contiguous")
                        throw new ModelFileException(path, PreTokenizerPlace, "Punctuation must be Contiguous");
                    _scanners.Add(Tokenizers.Scanners.PunctuationRuns);
                    break;
                case "Digits":
                    bool single = FindBool(step, "individual_digits") ?? false;
                    _scanners.Add(single ? Tokenizers.Scanners.SingleDigits : Tokenizers.Scanners.DigitRuns);
                    break;
                case "ByteLevel":
                    ReadByteLevel(step);
                    break;
                default:
                    throw Unsupported(PreTokenizerPlace, "pre-tokenizer", type,
                        "Split, Digits, Punctuation, ByteLevel, Sequence");
            }
        }

        if (!_isByteLevel)
            throw new ModelFileException(path, PreTokenizerPlace, "the last step must be ByteLevel, but there is none");
    }

    internal void ReadDecoder(JsonElement decoder)
    {
        foreach (JsonElement step in Flatten(decoder, DecoderPlace, "decoders"))
        {
            string type = TypeOf(step, DecoderPlace);
            if (type is not "ByteLevel")
                throw Unsupported(DecoderPlace, "decoder", type, "ByteLevel, Sequence");
        }
    }

    /// <summary>Only the token before a text is of interest: <see cref="Tokenizer.Encode"/> adds none itself.</summary>
    internal void ReadPostProcessor(JsonElement processor)
    {
        const string place = "post_processor";
        foreach (JsonElement step in Flatten(processor, place, "processors"))
        {
            if (TypeOf(step, place) is not "TemplateProcessing")
                continue;
            JsonElement single = JsonFields.RequireArray(path, place, step, "single");
            JsonElement first = single.EnumerateArray().FirstOrDefault();
            if (first.ValueKind == JsonValueKind.Object
                && first.TryGetProperty("SpecialToken", out JsonElement special)
                && special.ValueKind == JsonValueKind.Object)
            {
                Bos = (JsonFields.RequireString(path, place, special, "id"), true);
            }
        }
    }

    private Scanner ReadSplit(JsonElement split)
    {
        const string place = PreTokenizerPlace + ".pattern";
        if (!split.TryGetProperty("pattern", out JsonElement pattern) || pattern.ValueKind != JsonValueKind.Object)
            throw new ModelFileException(path, place, "a Split must have a pattern, as an object");
        string regex = JsonFields.RequireString(path, place, pattern, "Regex");

        // The known patterns cover every text, so that removing what they don't match leaves the same pieces.
        string behavior = JsonFields.RequireString(path, PreTokenizerPlace, split, "behavior");
        bool invert = FindBool(split, "invert") ?? false;
        if ((behavior, invert) is not (("Isolated", false) or ("Removed", true)))
        {
            throw new ModelFileException(path, PreTokenizerPlace,
                $"a Split must be Isolated, or Removed with invert, but it is {TokenizerText.Shorten(behavior)}, "
                + $"invert {(invert ? "true" : "false")}");
        }

        Scanner? scanner = PreTokenizers.FindByPattern(regex);
        if (_isByteLevel && scanner is not null && scanner != Tokenizers.Scanners.DigitTriples)
            throw new ModelFileException(path, place, "after ByteLevel only digits can be split");
        return scanner ?? throw new ModelFileException(path, place,
            $"the pattern \"{regex[..Math.Min(regex.Length, 400)]}\" is not supported",
            $"the known patterns are those of {PreTokenizers.KnownNames}");
    }

    private void ReadByteLevel(JsonElement step)
    {
        // Both are true where they are left out, as in Hugging Face's reader.
        if (FindBool(step, "add_prefix_space") ?? true)
            throw new ModelFileException(path, PreTokenizerPlace, "ByteLevel with add_prefix_space is not supported");
        if (FindBool(step, "use_regex") ?? true)
            _scanners.Add(Tokenizers.Scanners.Gpt2);
        _isByteLevel = true;
    }

    private bool? FindBool(JsonElement item, string name) => JsonFields.FindBool(path, PreTokenizerPlace, item, name);

    // A section is null, one step, or a sequence of them; a sequence may hold another (the JSON reader limits the
    // depth).
    private List<JsonElement> Flatten(JsonElement section, string place, string listName)
    {
        if (section.ValueKind == JsonValueKind.Null)
            return [];
        if (TypeOf(section, place) is not "Sequence")
            return [section];
        var steps = new List<JsonElement>();
        foreach (JsonElement step in JsonFields.RequireArray(path, place, section, listName).EnumerateArray())
            steps.AddRange(Flatten(step, place, listName));
        return steps;
    }

    private string TypeOf(JsonElement step, string place)
    {
        if (step.ValueKind != JsonValueKind.Object)
            throw new ModelFileException(path, place, $"a step must be an object, but it is {step.ValueKind}");
        return JsonFields.RequireString(path, place, step, "type");
    }

    private ModelFileException Unsupported(string place, string what, string type, string known) =>
        new(path, place, $"the {what} \"{TokenizerText.Shorten(type)}\" is not supported",
            $"the known ones are {known}");
}
