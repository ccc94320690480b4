namespace Fourteen.Engine.Sampling;

/// <summary>
/// Random numbers that are a function of seed and position: no state, so a token's draw does not depend on what was
/// drawn before it, on the batch, on the thread or on the machine. The generator is Philox4x32-10 (Salmon, Moraes, Dror
/// and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", 2011), checked against the known answers of its authors.
/// </summary>
public static class SequenceRandom
{
    private const int Rounds = 10;

    // The two multipliers and the two Weyl increments (golden ratio, sqrt(3) - 1) of the paper.
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Increment0 = 0x9E3779B9;
    private const uint Increment1 = 0xBB67AE85;

    /// <summary>
    /// A number in [0, 1), a multiple of 2^-53. The key is the seed, low word first; the counter is the position, low
    /// word first, then two zero words; the number is the upper 53 bits of the first two words of the result.
    /// </summary>
    public static double Uniform(ulong seed, ulong position)
    {
        UInt128 block = Block(position, seed);
        ulong bits = ((ulong)block << 32) | (uint)((ulong)block >> 32); // The first word above the second.
        return (bits >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>A seed of its own for one of several answers to the same prompt, below 2^53.</summary>
    /// <param name="choice">1 or more: counters of positions never reach the third word.</param>
    public static ulong Derive(ulong seed, int choice) => (ulong)Block((UInt128)(uint)choice << 64, seed) >> 11;

    /// <summary>The four words of one block, the first in the lowest 32 bits; counter and key likewise.</summary>
    public static UInt128 Block(UInt128 counter, ulong key)
    {
        uint c0 = (uint)counter;
        uint c1 = (uint)(counter >> 32);
        uint c2 = (uint)(counter >> 64);
        uint c3 = (uint)(counter >> 96);
        uint k0 = (uint)key;
        uint k1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            c0 = (uint)(product1 >> 32) ^ c1 ^ k0;
            c1 = (uint)product1;
            c2 = (uint)(product0 >> 32) ^ c3 ^ k1;
            c3 = (uint)product0;
            k0 += Increment0;
            k1 += Increment1;
        }

        return new UInt128(((ulong)c3 << 32) | c2, ((ulong)c1 << 32) | c0);
    }
}
