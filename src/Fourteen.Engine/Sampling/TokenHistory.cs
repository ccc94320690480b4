namespace Fourteen.Engine.Sampling;

/// <summary>
/// Which ids a sequence holds and how often its output holds them, kept up to date token by token so that a penalty
/// costs the number of distinct ids, not the length of the text.
/// </summary>
internal sealed class TokenHistory
{
    private const int Unseen = -1;

    /// <summary>Distinct ids that there is room for at first: more than answers of usual length have.</summary>
    private const int SeenUsual = 4096;

    // [vocabulary]: Unseen, or how often the id occurs in the output (0: in the prompt only).
    private readonly int[] _outputCounts;
    private int[] _seen; // Distinct ids in order of appearance; grows by doubling up to the vocabulary.
    private int _seenCount;

    internal TokenHistory(int vocabularySize, ReadOnlySpan<int> prompt)
    {
        _outputCounts = new int[vocabularySize];
        _seen = new int[Math.Min(vocabularySize, SeenUsual)];
        Array.Fill(_outputCounts, Unseen);
        foreach (int id in prompt)
            See(id);
    }

    /// <summary>The distinct ids of prompt and output.</summary>
    internal ReadOnlySpan<int> Seen => _seen.AsSpan(0, _seenCount);

    /// <summary>How often a seen id occurs in the output.</summary>
    internal int OutputCount(int id) => _outputCounts[id];

    internal void AddOutput(int id)
    {
        See(id);
        _outputCounts[id]++;
    }

    private void See(int id)
    {
        if (_outputCounts[id] != Unseen)
            return;
        _outputCounts[id] = 0;
        if (_seenCount == _seen.Length)
            Array.Resize(ref _seen, 2 * _seenCount);
        _seen[_seenCount++] = id;
    }
}
