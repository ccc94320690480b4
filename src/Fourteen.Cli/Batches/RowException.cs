namespace Fourteen.Cli.Batches;

/// <summary>A row of a batch that cannot be used; the message says which field, the rule, and what was found.</summary>
internal sealed class RowException(string message, Exception? cause = null) : Exception(message, cause);
