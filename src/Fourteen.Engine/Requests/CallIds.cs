using System.Security.Cryptography;
using Fourteen.Engine.Answers.ToolCalls;

namespace Fourteen.Engine.Requests;

/// <summary>Names for calls of tools that their results refer to. Random: they must differ over a conversation.
/// </summary>
internal sealed class CallIds(ToolCallFormat format)
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <summary>Mistral's templates refuse ids that are not nine letters and digits.</summary>
    private const int MistralLength = 9;

    private const int UsualLength = 24;

    internal string Next() => format == ToolCallFormat.Mistral
        ? RandomNumberGenerator.GetString(Letters, MistralLength)
        : $"call_{RandomNumberGenerator.GetString(Letters, UsualLength)}";
}
