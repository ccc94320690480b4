using System.Buffers;
using System.Text;

namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Decodes ids one by one and gives text as soon as it is certain: never half a character, and together exactly what
/// <see cref="Tokenizer.Decode"/> gives for all ids at once. What cannot become a character any more is U+FFFD at once,
/// one for each maximal invalid part. One owner, not thread-safe.
/// </summary>
public sealed class Detokenizer
{
    private const int CharacterBytesMax = 4;

    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private bool _dropsSpace;
    private readonly byte[] _pending = new byte[CharacterBytesMax];   // the beginning of a character
    private int _pendingLength;

    internal Detokenizer(Tokenizer tokenizer, bool skipSpecial)
    {
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
        _dropsSpace = tokenizer.DropsLeadingSpace;
    }

    /// <summary>The text that became certain by this id; empty while a character is incomplete.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id lies outside the vocabulary; the state is as
    /// before.</exception>
    public string Append(int id)
    {
        ReadOnlySpan<byte> token = _tokenizer.Bytes(id);
        if (token.IsEmpty || (_skipSpecial && _tokenizer.IsControl(id)))
            return "";
        if (_dropsSpace && token[0] == ' ')
            token = token[1..];
        _dropsSpace = false;

        int length = _pendingLength + token.Length;
        byte[]? rented = length > 256 ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> bytes = (rented ?? stackalloc byte[256])[..length];
        _pending.AsSpan(0, _pendingLength).CopyTo(bytes);
        token.CopyTo(bytes[_pendingLength..]);

        int incomplete = IncompleteLength(bytes);
        bytes[(length - incomplete)..].CopyTo(_pending);
        _pendingLength = incomplete;
        string text = _tokenizer.TextOf(bytes[..(length - incomplete)]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return text;
    }

    /// <summary>The rest: one U+FFFD where a character stayed incomplete. The next id begins a new text.</summary>
    public string Flush()
    {
        string text = _tokenizer.TextOf(_pending.AsSpan(0, _pendingLength));
        _pendingLength = 0;
        _dropsSpace = _tokenizer.DropsLeadingSpace;
        return text;
    }

    // How many bytes at the end are the beginning of a character that more bytes could complete.
    private static int IncompleteLength(ReadOnlySpan<byte> bytes)
    {
        for (int length = 1; length < CharacterBytesMax && length <= bytes.Length; length++)
        {
            if (Rune.DecodeFromUtf8(bytes[^length..], out _, out _) == OperationStatus.NeedMoreData)
                return length;
        }

        return 0;
    }
}
