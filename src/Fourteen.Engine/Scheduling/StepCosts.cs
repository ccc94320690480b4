using System.Numerics;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// What steps of a model have cost, and from that how many tokens of prompts fit beside running streams in a given
/// time. A token of a prompt costs more the deeper it stands, so costs are kept by depth. Pure: times are given to it.
/// </summary>
public sealed class StepCosts
{
    /// <summary>
    /// Tokens of prompts that a step takes in however short the time is, so that prompts get on: the width of the tile
    /// that the kernels multiply by, below which a token saves little.
    /// </summary>
    public const int PromptTokensMin = 16;

    /// <summary>
    /// The share of the time that is planned for; the rest is for steps that take longer than the last ones did, as on
    /// a machine that is shared.
    /// </summary>
    private const double Planned = 0.6;

    /// <summary>The weight of a new measurement that is lower than the estimate, and of one that is higher.</summary>
    private const double WeightLower = 0.3, WeightHigher = 0.7;

    /// <summary>The first range of depths ends here; each next one is as long as all before it.</summary>
    private const int FirstDepths = 256;

    /// <summary>A step that a clock cannot tell from nothing took this long; 0 stands for what is not measured.
    /// </summary>
    private const double SecondsMin = 1e-7;

    private readonly double[] _promptToken = new double[24]; // seconds, by range of depth; 0: not measured
    private double _streams;                                 // seconds of a step without prompts; 0: not measured

    /// <summary>Takes in a step.</summary>
    /// <param name="promptTokens">Tokens of prompts in it.</param>
    /// <param name="depth">The deepest position of these.</param>
    /// <param name="streams">Whether there were tokens of streams too.</param>
    public void Add(int promptTokens, int depth, bool streams, TimeSpan elapsed)
    {
        double seconds = elapsed.TotalSeconds;
        if (promptTokens == 0)
        {
            Mix(ref _streams, Math.Max(SecondsMin, seconds));
            return;
        }

        double perToken = Math.Max(SecondsMin, seconds - (streams ? _streams : 0)) / promptTokens;
        Mix(ref _promptToken[RangeOf(depth)], perToken);
    }

    /// <summary>Tokens of prompts down to a depth that fit into a step with the running streams.</summary>
    public int PromptTokens(int depth, TimeSpan time)
    {
        double perToken = PromptToken(RangeOf(depth));
        if (perToken <= 0)
            return PromptTokensMin;
        double tokens = ((time.TotalSeconds * Planned) - _streams) / perToken;
        return (int)Math.Clamp(tokens, PromptTokensMin, int.MaxValue);
    }

    /// <summary>
    /// Seconds of a token, or what they are at most: cost grows with depth, and at twice the depth at most twofold.
    /// </summary>
    private double PromptToken(int range)
    {
        if (_promptToken[range] > 0)
            return _promptToken[range];
        double most = double.PositiveInfinity;
        for (int i = 0; i < _promptToken.Length; i++)
        {
            if (_promptToken[i] > 0)
                most = Math.Min(most, _promptToken[i] * (i < range ? Math.Pow(2, range - i) : 1));
        }

        return double.IsPositiveInfinity(most) ? 0 : most;
    }

    private static void Mix(ref double estimate, double measured)
    {
        double weight = estimate <= 0 ? 1 : measured > estimate ? WeightHigher : WeightLower;
        estimate += weight * (measured - estimate);
    }

    private static int RangeOf(int depth) =>
        depth < FirstDepths ? 0 : 1 + BitOperations.Log2((uint)(depth / FirstDepths));
}
