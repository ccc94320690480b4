using System.Buffers.Binary;
using Fourteen.Engine.Gguf;
using Fourteen.Kernels.Memory;

namespace Fourteen.Engine.SafeTensors;

/// <summary>A tensor as the header of a safetensors file describes it.</summary>
/// <param name="Name">Name as in the file.</param>
/// <param name="Dtype">Storage type in safetensors' spelling, e.g. <c>BF16</c>.</param>
/// <param name="Shape">Slowest dimension first; empty for a scalar.</param>
/// <param name="Begin">First byte, from the start of the data.</param>
/// <param name="End">One past the last byte.</param>
internal sealed record SafeTensor(string Name, string Dtype, long[] Shape, long Begin, long End);

/// <summary>
/// An open safetensors file: a u64 header length, a JSON header, then the data of all tensors without holes. Untrusted
/// input: any bytes give a file or a <see cref="ModelFileException"/>.
/// </summary>
internal sealed class SafeTensorsFile : IDisposable
{
    /// <summary>The limit of the format's own reader.</summary>
    private const int HeaderBytesMax = 100_000_000;

    private const int LengthBytes = 8;

    private readonly ModelBytes _bytes;
    private readonly long _dataStart;

    private SafeTensorsFile(ModelBytes bytes, long dataStart, List<SafeTensor> tensors)
    {
        _bytes = bytes;
        _dataStart = dataStart;
        Tensors = tensors;
    }

    internal string Path => _bytes.Path;

    /// <inheritdoc cref="ModelBytes.File"/>
    internal MappedFile? Mapped => _bytes.File;

    /// <summary>Every tensor, in the order of the header.</summary>
    internal List<SafeTensor> Tensors { get; }

    /// <exception cref="ModelFileException">It is no valid safetensors file.</exception>
    internal static SafeTensorsFile Open(string path)
    {
        ModelBytes bytes = ModelBytes.Open(path);
        bool opened = false;
        try
        {
            int headerBytes = HeaderLength(bytes);
            ReadOnlySpan<byte> header = bytes.Head(LengthBytes + headerBytes)[LengthBytes..];
            List<SafeTensor> tensors = SafeTensorsHeader.Read(path, header);
            CheckPlaces(path, tensors, bytes.Length - LengthBytes - headerBytes, bytes.Length);
            opened = true;
            return new SafeTensorsFile(bytes, LengthBytes + headerBytes, tensors);
        }
        finally
        {
            if (!opened)
                bytes.Dispose();
        }
    }

    /// <summary>First byte of a tensor of this file.</summary>
    internal nint Address(SafeTensor tensor) => _bytes.Address + (nint)(_dataStart + tensor.Begin);

    public void Dispose() => _bytes.Dispose();

    private static int HeaderLength(ModelBytes bytes)
    {
        ReadOnlySpan<byte> head = bytes.Head(64);
        ulong length = head.Length > LengthBytes ? BinaryPrimitives.ReadUInt64LittleEndian(head) : ulong.MaxValue;
        if (length > HeaderBytesMax || head[LengthBytes] != (byte)'{')
            throw FileKind.Refuse(bytes.Path, head, "safetensors");
        if ((long)length > bytes.Length - LengthBytes)
        {
            throw new ModelFileException(
                bytes.Path, "", $"the file is truncated: its header has {length} bytes, found "
                + $"{bytes.Length - LengthBytes}", "download it again");
        }

        return (int)length;
    }

    /// <summary>The data must be covered without holes and overlaps, and not end before the tensors do.</summary>
    private static void CheckPlaces(string path, List<SafeTensor> tensors, long dataBytes, long fileBytes)
    {
        SafeTensor? outside = tensors.Find(tensor => tensor.End > dataBytes);
        if (outside is not null)
        {
            Int128 needed = (Int128)tensors.Max(tensor => tensor.End) + (fileBytes - dataBytes);
            throw new ModelFileException(
                path, GgufCursor.Printable(outside.Name),
                $"the file is truncated or damaged: it needs {needed} bytes, found {fileBytes}, and this is the first "
                + "tensor that does not fit", "download it again");
        }

        long end = 0;
        foreach (SafeTensor tensor in tensors.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End))
        {
            if (tensor.Begin != end)
            {
                throw new ModelFileException(
                    path, GgufCursor.Printable(tensor.Name), "tensors must follow one another without hole or overlap: "
                    + $"this one begins at {tensor.Begin}, the one before ends at {end}");
            }

            end = tensor.End;
        }

        if (end != dataBytes)
        {
            throw new ModelFileException(
                path, "", $"the tensors must cover the data, but they end at {end} of {dataBytes} bytes",
                "download it again");
        }
    }
}
