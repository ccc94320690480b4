namespace Fourteen.Cli;

/// <summary>Arguments that do not fit together; the message is one line for the user.</summary>
internal sealed class UsageException(string message) : Exception(message);
