namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Walks the fields of one protocol-buffer message. Every length is compared with the bytes that are left, nothing is
/// copied, and the walk does not recurse. Throws <see cref="InvalidDataException"/> on what is no message.
/// </summary>
internal ref struct ProtobufFields(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;
    private ReadOnlySpan<byte> _value;
    private ulong _varint;
    private int _wireType;

    /// <summary>The number of the current field.</summary>
    internal int Number { get; private set; }

    /// <summary>The current field as an integer (two's complement).</summary>
    internal readonly long Varint => (long)Checked(0, _varint);

    /// <summary>The current field as bytes, text or a message.</summary>
    internal readonly ReadOnlySpan<byte> Bytes
    {
        get
        {
            Checked(2, 0);
            return _value;
        }
    }

    /// <summary>The 4 bytes of the current field.</summary>
    internal readonly ReadOnlySpan<byte> Fixed32
    {
        get
        {
            Checked(5, 0);
            return _value;
        }
    }

    /// <summary>Goes to the next field; false at the end.</summary>
    internal bool Next()
    {
        if (_rest.IsEmpty)
            return false;
        ulong key = TakeVarint();
        Number = (int)(uint)(key >> 3);
        _wireType = (int)(key & 7);
        switch (_wireType)
        {
            case 0:
                _varint = TakeVarint();
                break;
            case 1:
                _value = Take(8);
                break;
            case 2:
                _value = Take(TakeVarint());
                break;
            case 5:
                _value = Take(4);
                break;
            default:
                throw new InvalidDataException($"a field has the unknown wire type {_wireType}");
        }

        return true;
    }

    private readonly ulong Checked(int wireType, ulong value) => _wireType == wireType ? value
        : throw new InvalidDataException($"field {Number} must have the wire type {wireType}, but it has {_wireType}");

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
            throw new InvalidDataException($"field {Number} has {length} bytes, but {_rest.Length} are left");
        ReadOnlySpan<byte> taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private ulong TakeVarint()
    {
        ulong value = 0;
        for (int i = 0; i < Math.Min(10, _rest.Length); i++)
        {
            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw new InvalidDataException("an integer does not end");
    }
}
