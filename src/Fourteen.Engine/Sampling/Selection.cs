namespace Fourteen.Engine.Sampling;

/// <summary>Where a filter cuts: larger keys stay, and of the equals of <paramref name="Key"/> so many.</summary>
/// <param name="Key">The smallest key that stays.</param>
/// <param name="EqualsKept">How many candidates with exactly this key stay, at least one.</param>
internal readonly record struct Cut(float Key, int EqualsKept);

/// <summary>
/// Finds a place in the descending order of floats without sorting them: a radix search from the top bits down, by
/// count or by probability mass. Three passes over the input whatever it holds, so the time is linear and has no bad
/// case. Owns its scratch (28 KiB); one user at a time.
/// </summary>
internal sealed class Selection
{
    private const int Buckets = 2048;

    // The bits of an ordered key, in three digits from the top.
    private static ReadOnlySpan<int> Shifts => [21, 10, 0];

    private static ReadOnlySpan<int> Widths => [11, 11, 10];

    private readonly int[] _counts = new int[Buckets];
    private readonly double[] _masses = new double[Buckets];
    private readonly double[] _weights = new double[Weights.Chunk];

    /// <summary>The k-th largest of the values, 1 for the largest; k is at most their number. No NaN.</summary>
    internal float KthLargest(ReadOnlySpan<float> values, int k)
    {
        uint known = 0; // The digits found so far,
        uint knownMask = 0; // and which bits they are.
        int remaining = k;
        for (int level = 0; level < Shifts.Length; level++)
        {
            int shift = Shifts[level];
            uint digitMask = (1u << Widths[level]) - 1;
            Span<int> counts = _counts;
            counts.Clear();
            foreach (float value in values)
            {
                uint key = Ordered(value);
                if ((key & knownMask) == known)
                    counts[(int)((key >> shift) & digitMask)]++;
            }

            int digit = (int)digitMask;
            for (; counts[digit] < remaining; digit--)
                remaining -= counts[digit];
            known |= (uint)digit << shift;
            knownMask |= digitMask << shift;
        }

        return FromOrdered(known);
    }

    /// <summary>
    /// The smallest set, from the largest key down, whose weights sum to at least the target. Where rounding keeps the
    /// sum below the target, everything with a weight above zero stays.
    /// </summary>
    /// <param name="keys">The order; no NaN. May be the logits themselves.</param>
    /// <param name="logits">As many, for the weights.</param>
    /// <param name="weights">Gives some logit a weight above zero.</param>
    /// <param name="target">Above zero.</param>
    internal Cut CutByMass(ReadOnlySpan<float> keys, ReadOnlySpan<float> logits, Weights weights, double target)
    {
        uint known = 0;
        uint knownMask = 0;
        double above = 0; // The mass of all keys above those that share the known digits.
        int digit = 0;
        for (int level = 0; level < Shifts.Length; level++)
        {
            int shift = Shifts[level];
            uint digitMask = (1u << Widths[level]) - 1;
            CollectMasses(keys, logits, weights, new Digit(known, knownMask, shift, digitMask));
            digit = FindDigit((int)digitMask, target, ref above);
            known |= (uint)digit << shift;
            knownMask |= digitMask << shift;
        }

        double each = _masses[digit] / _counts[digit];
        double needed = Math.Ceiling((target - above) / each);
        return new Cut(FromOrdered(known), (int)Math.Clamp(needed, 1, _counts[digit]));
    }

    /// <summary>The digit in whose bucket the sum reaches the target, and the mass above that bucket.</summary>
    private int FindDigit(int top, double target, ref double above)
    {
        int last = -1;
        double sum = above;
        for (int digit = top; digit >= 0; digit--)
        {
            if (_masses[digit] == 0)
                continue;
            last = digit;
            above = sum;
            sum += _masses[digit];
            if (sum >= target)
                break;
        }

        return last;
    }

    private void CollectMasses(ReadOnlySpan<float> keys, ReadOnlySpan<float> logits, Weights weights, Digit digit)
    {
        Span<int> counts = _counts;
        Span<double> masses = _masses;
        counts.Clear();
        masses.Clear();
        if (digit.KnownMask == 0)
        {
            CollectAllMasses(keys, logits, weights, digit.Shift);
            return;
        }

        for (int i = 0; i < keys.Length; i++)
        {
            uint key = Ordered(keys[i]);
            if ((key & digit.KnownMask) != digit.Known)
                continue;
            int bucket = (int)((key >> digit.Shift) & digit.Mask);
            counts[bucket]++;
            masses[bucket] += weights.Of(logits[i]);
        }
    }

    /// <summary>The first digit looks at every key, so its weights are computed by chunks.</summary>
    private void CollectAllMasses(ReadOnlySpan<float> keys, ReadOnlySpan<float> logits, Weights weights, int shift)
    {
        Span<int> counts = _counts;
        Span<double> masses = _masses;
        for (int start = 0; start < keys.Length; start += Weights.Chunk)
        {
            int length = Math.Min(Weights.Chunk, keys.Length - start);
            ReadOnlySpan<float> chunk = keys.Slice(start, length);
            weights.Fill(logits.Slice(start, length), _weights);
            for (int i = 0; i < chunk.Length; i++)
            {
                int bucket = (int)(Ordered(chunk[i]) >> shift);
                counts[bucket]++;
                masses[bucket] += _weights[i];
            }
        }
    }

    /// <summary>Unsigned order of the result is the order of the floats; -0 comes just below +0.</summary>
    private static uint Ordered(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return bits ^ (uint)(((int)bits >> 31) | int.MinValue);
    }

    private static float FromOrdered(uint key) =>
        BitConverter.UInt32BitsToSingle((key & 0x80000000) != 0 ? key ^ 0x80000000 : ~key);

    private readonly record struct Digit(uint Known, uint KnownMask, int Shift, uint Mask);
}
