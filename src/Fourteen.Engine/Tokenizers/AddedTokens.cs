namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// Which added tokens (such as <c>&lt;|im_end|&gt;</c> or <c>&lt;think&gt;</c>) are recognised in text.
/// </summary>
public enum AddedTokens
{
    /// <summary>Every added token whose string stands in the text becomes its id: text that a template made.</summary>
    All,

    /// <summary>
    /// Control tokens are spelled out like any text, so that what a user types cannot end a turn; the other added
    /// tokens stay atomic, as in Hugging Face's and llama.cpp's tokenizers.
    /// </summary>
    NotControl,

    /// <summary>No added token at all.</summary>
    None,
}
