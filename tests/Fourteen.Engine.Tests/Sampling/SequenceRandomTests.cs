using System.Globalization;
using Fourteen.Engine.Sampling;
using Xunit;

namespace Fourteen.Engine.Tests.Sampling;

public sealed class SequenceRandomTests
{
    /// <summary>
    /// Known answers for philox4x32 with 10 rounds from Random123 (file tests/kat_vectors), words in order.
    /// </summary>
    [Theory]
    [InlineData(
        "00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [InlineData(
        "ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [InlineData(
        "243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void Block_OnKnownInputs_GivesTheAuthorsAnswers(string counter, string key, string expected) =>
        Assert.Equal(FromWords(expected), SequenceRandom.Block(FromWords(counter), (ulong)FromWords(key)));

    [Fact]
    public void Uniform_OfZeroSeedAndPosition_IsTheTop53BitsOfTheFirstTwoWords() =>
        Assert.Equal((0x6627e8d5e169c58dUL >> 11) * Math.Pow(2, -53), SequenceRandom.Uniform(0, 0));

    [Fact]
    public void Uniform_OverPositionsAndSeeds_LooksUniform()
    {
        // 64 cells over 64,000 draws: chi-square has mean 63 and deviation 11.2; the seeds are fixed, so this cannot
        // flicker.
        foreach (ulong seed in new ulong[] { 0, 1, 2, ulong.MaxValue })
        {
            var counts = new int[64];
            for (ulong position = 0; position < 64_000; position++)
                counts[(int)(64 * SequenceRandom.Uniform(seed, position))]++;
            Assert.InRange(counts.Sum(c => (c - 1000.0) * (c - 1000.0) / 1000), 20, 120);
        }
    }

    private static UInt128 FromWords(string words)
    {
        UInt128 value = 0;
        foreach (string word in words.Split(' ').Reverse())
            value = (value << 32) | uint.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return value;
    }
}
