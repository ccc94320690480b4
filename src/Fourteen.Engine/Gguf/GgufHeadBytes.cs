using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Fourteen.Engine.Gguf;

/// <summary>The head of a GGUF file as it grows: numbers little-endian, strings with their length before them.
/// </summary>
internal sealed class GgufHeadBytes
{
    /// <summary>C# types by their id as a GGUF value type; 9 is an array.</summary>
    private static readonly Type[] ValueTypes =
    [
        typeof(byte), typeof(sbyte), typeof(ushort), typeof(short), typeof(uint), typeof(int), typeof(float),
        typeof(bool), typeof(string), typeof(Array), typeof(ulong), typeof(long), typeof(double),
    ];

    private readonly ArrayBufferWriter<byte> _bytes = new(1 << 16);

    internal ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    internal void Add(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    internal void Add(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
    }

    internal void Add(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
    }

    internal void Add(string text)
    {
        Add((ulong)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, _bytes);
    }

    /// <summary>A value with its type before it.</summary>
    /// <exception cref="ArgumentException">A GGUF file has no values of this C# type.</exception>
    internal void AddTyped(string key, object value)
    {
        if (value is not Array array)
        {
            Add(IdOf(key, value.GetType()));
            AddElement(value);
            return;
        }

        Type element = array.GetType().GetElementType()!; // An array has one.
        Add(IdOf(key, typeof(Array)));
        Add(element == typeof(Array) ? throw NoType(key, element) : IdOf(key, element));
        Add((ulong)array.LongLength);
        foreach (object item in array)
            AddElement(item);
    }

    private static uint IdOf(string key, Type type)
    {
        int id = Array.IndexOf(ValueTypes, type);
        return id < 0 ? throw NoType(key, type) : (uint)id;
    }

    private static ArgumentException NoType(string key, Type type) =>
        new($"{key}: GGUF has no values of the type {type.Name}.");

    private void AddElement(object value)
    {
        switch (value)
        {
            case string text: Add(text); break;
            case byte v: AddByte(v); break;
            case sbyte v: AddByte((byte)v); break;
            case bool v: AddByte(v ? (byte)1 : (byte)0); break;
            case ushort v: AddUInt16(v); break;
            case short v: AddUInt16((ushort)v); break;
            case uint v: Add(v); break;
            case int v: Add((uint)v); break;
            case float v: Add(BitConverter.SingleToUInt32Bits(v)); break;
            case ulong v: Add(v); break;
            case long v: Add((ulong)v); break;
            case double v: Add(BitConverter.DoubleToUInt64Bits(v)); break;
        }
    }

    private void AddByte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }

    private void AddUInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetSpan(2), value);
        _bytes.Advance(2);
    }
}
