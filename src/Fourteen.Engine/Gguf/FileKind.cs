using System.Buffers.Binary;

namespace Fourteen.Engine.Gguf;

/// <summary>
/// What a file is that should have been a model and is not: the usual ways in which a download goes wrong, and the
/// other formats that people pass by mistake.
/// </summary>
internal static class FileKind
{
    /// <summary>A header of safetensors has at most 100 million bytes.</summary>
    private const ulong SafeTensorsHeaderMax = 100_000_000;

    /// <summary>An exception that says what the file is, from its first bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="head">Its first bytes, 64 where there are so many.</param>
    /// <param name="wanted">The format that was expected, e.g. <c>GGUF</c>.</param>
    internal static ModelFileException Refuse(string path, ReadOnlySpan<byte> head, string wanted)
    {
        (string what, string remedy) = Recognize(head);
        return new ModelFileException(path, "", $"this is no {wanted} file: {what}", remedy);
    }

    private static (string What, string Remedy) Recognize(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
            return ("it is empty", "download it again");
        if (RecognizeText(head) is { } text)
            return text;
        if (head.StartsWith("PK\x03\x04"u8))
        {
            return ("it is a zip archive, perhaps a PyTorch checkpoint",
                "unpack it, or use the model's GGUF or safetensors files");
        }

        if (head.StartsWith("GGUF"u8))
            return ("it is a GGUF file", "give it as a .gguf file of its own, outside a Hugging Face folder");
        if (head is [0x80, >= 2 and <= 5, ..])
            return ("it is a Python pickle (a PyTorch checkpoint)", "use the model's GGUF or safetensors files");
        if (head is [0x1f, 0x8b, ..])
            return ("it is a gzip archive", "decompress it first");
        if (head is [0x28, 0xb5, 0x2f, 0xfd, ..] or [0xfd, 0x37, 0x7a, 0x58, ..] or [0x42, 0x5a, 0x68, ..])
            return ("it is a compressed archive (zstd, xz or bzip2)", "decompress it first");
        if (IsSafeTensors(head))
            return ("it is a safetensors file", "open the folder that holds it together with its config.json");
        if (head is [(byte)'l' or (byte)'f', (byte)'m', (byte)'g', (byte)'g', ..] || head.StartsWith("tjgg"u8)
            || head.StartsWith("algg"u8))
            return ("it is an old ggml file from before GGUF", "convert the original model anew with llama.cpp");
        if (!head.ContainsAnyExcept((byte)0))
            return ("it begins with zeros, as an unfinished download does", "download it again");
        string hex = Convert.ToHexStringLower(head[..Math.Min(head.Length, 8)]);
        return ($"it begins with the bytes {hex}", "check that it is the right file and that it is complete");
    }

    private static (string What, string Remedy)? RecognizeText(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> text = head.StartsWith("\ufeff"u8) ? head[3..] : head;
        text = text.TrimStart(" \t\r\n"u8);
        if (text.StartsWith("version https://git-lfs"u8))
        {
            return ("it is a Git LFS pointer, a few lines of text in place of the weights",
                "run `git lfs pull` in the folder, or download the file itself");
        }

        if (text.StartsWith("<"u8))
        {
            return ("it is a web page (HTML), so the download failed",
                "download the file itself, not the page about it");
        }

        if (text.StartsWith("{"u8))
            return ("it is JSON text", "check the path; a download that failed may have stored the server's answer");
        return null;
    }

    private static bool IsSafeTensors(ReadOnlySpan<byte> head) =>
        head.Length >= 9 && head[8] == (byte)'{'
        && BinaryPrimitives.ReadUInt64LittleEndian(head) <= SafeTensorsHeaderMax;
}
