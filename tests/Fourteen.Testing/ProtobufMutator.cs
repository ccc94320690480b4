namespace Fourteen.Testing;

/// <summary>
/// Breaks a protocol-buffer message that holds messages, as SentencePiece's models do: fields are removed, doubled and
/// swapped, their numbers, types, lengths and integers changed, and now and then bytes are broken. The same random
/// numbers make the same bytes.
/// </summary>
/// <param name="message">A valid message.</param>
public sealed class ProtobufMutator(byte[] message)
{
    private const int MutationsMax = 3;

    private readonly List<byte[]> _fields = Split(message);

    /// <summary>A broken message; now and then it is still valid.</summary>
    public byte[] Next(Random random)
    {
        List<byte[]> fields = [.. _fields];
        for (int count = random.Next(1, MutationsMax + 1); count > 0; count--)
            Mutate(fields, random, inner: true);
        byte[] bytes = Join(fields);
        return random.Next(6) == 0 ? ByteMutator.Break(bytes, random) : bytes;
    }

    private static void Mutate(List<byte[]> fields, Random random, bool inner)
    {
        if (fields.Count == 0)
            return;
        // The last fields of a model, its two specifications, are hit as often as the many pieces before them.
        int at = random.Next(3) == 0 ? fields.Count - 1 - random.Next(Math.Min(3, fields.Count))
            : random.Next(fields.Count);
        byte[] field = fields[at];
        (ulong key, int used) = ReadVarint(field, 0);
        switch (random.Next(8))
        {
            case 0:
                fields.RemoveAt(at);
                break;
            case 1:
                fields.InsertRange(at, Enumerable.Repeat(field, random.Next(1, 4)));
                break;
            case 2:
                int other = random.Next(fields.Count);
                (fields[at], fields[other]) = (fields[other], field);
                break;
            case 3:
                fields[at] = [.. Varint(random.Next(2) == 0 ? key ^ 1UL << random.Next(8)
                    : ByteMutator.Number(key, field.Length, random)), .. field[used..]];
                break;
            case 4:
                fields[at] = ByteMutator.Break([.. field], random);
                break;
            case 5 when (key & 7) is 0 or 2:
                (ulong number, int next) = ReadVarint(field, used);
                ulong changed = ByteMutator.Number(number, field.Length, random);
                fields[at] = [.. field[..used], .. Varint(changed), .. field[next..]];
                break;
            default:
                if (inner && (key & 7) == 2)
                    fields[at] = BreakInside(field, key, used, random);
                break;
        }
    }

    /// <summary>Changes a message inside the message, with the length that it then has.</summary>
    private static byte[] BreakInside(byte[] field, ulong key, int used, Random random)
    {
        (_, int start) = ReadVarint(field, used);
        List<byte[]> fields = Split(field[start..]);
        Mutate(fields, random, inner: false);
        byte[] content = Join(fields);
        return [.. Varint(key), .. Varint((ulong)content.Length), .. content];
    }

    private static byte[] Join(List<byte[]> fields) => [.. fields.SelectMany(field => field)];

    /// <summary>The fields with their keys; what is no message is one field.</summary>
    private static List<byte[]> Split(byte[] message)
    {
        List<byte[]> fields = [];
        for (int at = 0; at < message.Length;)
        {
            (ulong key, int next) = ReadVarint(message, at);
            (ulong value, int after) = (key & 7) is 0 or 2 ? ReadVarint(message, next) : (0, next);
            ulong end = (ulong)after + ((key & 7) switch { 1 => 8UL, 2 => value, 5 => 4UL, _ => 0UL });
            if (end > (ulong)message.Length || end <= (ulong)at)
                return [message];
            fields.Add(message[at..(int)end]);
            at = (int)end;
        }

        return fields;
    }

    private static (ulong Value, int End) ReadVarint(byte[] bytes, int at)
    {
        ulong value = 0;
        for (int shift = 0; at < bytes.Length && shift < 64; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                break;
        }

        return (value, at);
    }

    private static List<byte> Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return bytes;
    }
}
