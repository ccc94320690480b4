namespace Fourteen.Engine.Tokenizers;

/// <summary>
/// SentencePiece merges the pair whose token has the highest score, of equal scores the leftmost: scores as ranks, the
/// highest first and equal ones alike.
/// </summary>
internal static class ScoreRanks
{
    internal static int[] Of(string path, string place, double[] scores)
    {
        int notANumber = Array.FindIndex(scores, double.IsNaN);
        if (notANumber >= 0)
            throw new ModelFileException(path, $"{place}[{notANumber}]", "a score must be a number, but it is NaN");

        double[] descending = scores.Distinct().OrderDescending().ToArray();
        var rankOf = new Dictionary<double, int>(descending.Length);
        for (int rank = 0; rank < descending.Length; rank++)
            rankOf.Add(descending[rank], rank);
        return Array.ConvertAll(scores, score => rankOf[score]);
    }
}
