using Fourteen.Engine.Sampling;

namespace Fourteen.Engine.Tests.Sampling;

/// <summary>The definition of the steps in the plainest form: double precision, one full sort per filter.</summary>
internal static class ReferenceChain
{
    internal static double[] Distribution(
        SamplingOptions options, ReadOnlySpan<float> logits, ReadOnlySpan<int> prompt, ReadOnlySpan<int> output)
    {
        double[] z = new double[logits.Length];
        for (int i = 0; i < z.Length; i++)
            z[i] = logits[i];
        foreach (SamplingStep step in options.Order)
        {
            if (step == SamplingStep.Temperature && options.Temperature < SamplingOptions.GreedyBelow)
            {
                int best = Array.IndexOf(z, z.Max());
                return [.. z.Select((_, id) => id == best ? 1.0 : 0.0)];
            }

            Apply(step, options, z, prompt, output);
        }

        return Softmax(z);
    }

    private static void Apply(
        SamplingStep step, SamplingOptions o, double[] z, ReadOnlySpan<int> prompt, ReadOnlySpan<int> output)
    {
        bool needsProbabilities =
            step is SamplingStep.MinP or SamplingStep.TopP or SamplingStep.TypicalP or SamplingStep.Mirostat;
        double[] p = needsProbabilities ? Softmax(z) : [];
        switch (step)
        {
            case SamplingStep.LogitBias:
                foreach ((int id, double bias) in o.LogitBias)
                    z[id] += bias;
                break;
            case SamplingStep.RepetitionPenalty:
                foreach (int id in prompt.ToArray().Concat(output.ToArray()).Distinct())
                    z[id] = z[id] > 0 ? z[id] / o.RepetitionPenalty : z[id] * o.RepetitionPenalty;
                break;
            case SamplingStep.FrequencyPenalty:
                foreach (int id in output)
                    z[id] -= o.FrequencyPenalty;
                break;
            case SamplingStep.PresencePenalty:
                foreach (int id in output.ToArray().Distinct())
                    z[id] -= o.PresencePenalty;
                break;
            case SamplingStep.TopNSigma when o.TopNSigma > 0:
                double[] finite = [.. z.Where(double.IsFinite)];
                double mean = finite.Average();
                double sigma = Math.Sqrt(finite.Average(x => (x - mean) * (x - mean)));
                Keep(z, id => z[id] >= finite.Max() - o.TopNSigma * sigma);
                break;
            case SamplingStep.Temperature:
                for (int id = 0; id < z.Length; id++)
                    z[id] /= o.Temperature;
                break;
            case SamplingStep.MinP when o.MinP > 0:
                double least = o.MinP * p.Max();
                Keep(z, id => p[id] >= least);
                break;
            case SamplingStep.TopK when o.TopK > 0 && o.TopK < z.Length:
                double kth = z.OrderDescending().ElementAt(o.TopK - 1);
                Keep(z, id => z[id] >= kth);
                break;
            case SamplingStep.TopP when o.TopP < 1:
                KeepByMass(z, p, id => -p[id], o.TopP, keepEquals: false);
                break;
            case SamplingStep.TypicalP when o.TypicalP < 1:
                double entropy = -p.Where(x => x > 0).Sum(x => x * Math.Log(x));
                KeepByMass(z, p, id => Math.Abs(-Math.Log(p[id]) - entropy), o.TypicalP, keepEquals: true);
                break;
            case SamplingStep.Mirostat when o.MirostatTau is double tau:
                double mu = o.MirostatMu ?? 2 * tau;
                int best = Array.IndexOf(p, p.Max());
                bool none = -Math.Log2(p[best]) > mu;
                Keep(z, id => none ? id == best : -Math.Log2(p[id]) <= mu);
                break;
        }
    }

    private static void KeepByMass(double[] z, double[] p, Func<int, double> key, double target, bool keepEquals)
    {
        int[] order = [.. Enumerable.Range(0, z.Length).Where(id => p[id] > 0).OrderBy(key).ThenBy(id => id)];
        double sum = 0;
        int kept = 0;
        while (kept < order.Length && sum < target)
            sum += p[order[kept++]];
        while (keepEquals && kept < order.Length && key(order[kept]) - key(order[kept - 1]) < 1e-12)
            kept++;
        var stay = new HashSet<int>(order.Take(kept));
        Keep(z, stay.Contains);
    }

    private static void Keep(double[] z, Func<int, bool> stays)
    {
        bool[] keep = [.. Enumerable.Range(0, z.Length).Select(stays)];
        for (int id = 0; id < z.Length; id++)
            z[id] = keep[id] ? z[id] : double.NegativeInfinity;
    }

    private static double[] Softmax(double[] z)
    {
        double max = z.Max();
        double[] weights = [.. z.Select(x => Math.Exp(x - max))];
        double sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }
}
