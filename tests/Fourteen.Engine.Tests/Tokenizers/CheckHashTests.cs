using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fourteen.Engine.Tokenizers;
using Xunit;

namespace Fourteen.Engine.Tests.Tokenizers;

/// <summary>
/// llama.cpp recognises a tokenizer by the hash of the ids of one text, recorded from the original tokenizers
/// (qwen3.md, section 7.5; the text is in Appendix A.4).
/// </summary>
public sealed class CheckHashTests
{
    private const string Text =
        "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n\ud83d\ude80 (normal) \ud83d\ude36\u200d\ud83c\udf2b\ufe0f "
        + "(multiple emojis concatenated) \u2705 \ud83e\udd99\ud83e\udd99 3 33 333 3333 33333 333333 3333333 33333333 "
        + "3.3 3..3 3...3 \u1780\u17b6\u1793\u17cb\u178f\u17c2\u1796\u17b7\u179f\u17c1\u179f\u17a2\u17b6\u1785"
        + "\ud83d\ude01 ?\u6211\u60f3\u5728apple\u5de5\u4f5c1314151\u5929\uff5e ------======= "
        + "\u043d\u0435\u0449\u043e \u043d\u0430 \u0411\u044a\u043b\u0433\u0430\u0440\u0441\u043a\u0438 "
        + "''''''```````\"\"\"\"......!!!!!!?????? I've been 'told he's there, 'RE you sure? 'M not sure I'll make it, "
        + "'D you like some tea? We'Ve a'lL";

    [Theory]
    [InlineData("qwen3", false, "e636dc30a262dcc0d8c323492e32ae2b70728f4df7dfe9737d9f920a282b8aea")]
    [InlineData("qwen2", false, "e636dc30a262dcc0d8c323492e32ae2b70728f4df7dfe9737d9f920a282b8aea")]
    [InlineData("llama3", true, "0ef9807a4087ebef797fc749390439009c3b9eda9ad1a097abbe738f486c01e5")]
    [InlineData("gpt2", false, "3ce83efda5659b07b1ad37ca97ca5797ea4285d9b9ab0dc679e4a720c9da7454")]
    [InlineData("smollm2", false, "855059429035d75a914d1eda9f10a876752e281a054a7a3d421ef0533e5b6249")]
    public void Encode_OfTheCheckText_GivesTheRecordedHash(string name, bool withBos, string expected)
    {
        Tokenizer tokenizer = Vocabularies.Load(name);

        IEnumerable<int> ids = tokenizer.Encode(Text, AddedTokens.All);
        if (withBos)
            ids = ids.Prepend(tokenizer.BosId!.Value);
        string list = $"[{string.Join(", ", ids.Select(id => id.ToString(CultureInfo.InvariantCulture)))}]";

        Assert.Equal(withBos, tokenizer.AddBos);
        Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(list))));
    }
}
