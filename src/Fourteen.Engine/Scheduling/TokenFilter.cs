using System.Numerics;
using Fourteen.Engine.Answers;
using Fourteen.Engine.Constraints;
using Fourteen.Engine.Sampling;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// Rules out tokens that the next one may not be: by the constraint on the answer, and end tokens that would come too
/// early. A thought is free. Nothing is allocated per token. One owner, which may pass it from thread to thread.
/// </summary>
internal sealed class TokenFilter
{
    private readonly ConstraintMatcher? _matcher;
    private readonly AnswerAssembler _answer;
    private readonly int[] _endTokens;
    private readonly float[] _endLogits;
    private readonly ulong[] _allowed;

    /// <param name="endTokens">Tokens that end the answer.</param>
    /// <param name="vocabularySize">The length of a row of logits.</param>
    internal TokenFilter(
        CompiledConstraint? constraint, AnswerAssembler answer, IReadOnlyList<int> endTokens, int vocabularySize)
    {
        _matcher = constraint?.CreateMatcher();
        _answer = answer;
        _endTokens = [.. endTokens.Where(token => token < vocabularySize)];
        _endLogits = new float[_endTokens.Length];
        _allowed = constraint is null ? [] : new ulong[(vocabularySize + 63) / 64];
    }

    /// <summary>Whether the answer is all that its constraint allows, so that it ends.</summary>
    internal bool IsComplete => _matcher is { IsComplete: true } && _answer.NextIsAnswer;

    /// <summary>Makes the logits of ruled-out tokens negative infinity.</summary>
    /// <param name="logits">[vocabulary]</param>
    /// <exception cref="SamplingException">The constraint has become too complex.</exception>
    internal void Apply(Span<float> logits)
    {
        // Also in a thought: an answer that must hold something cannot end before it has begun.
        bool mayEnd = _answer.EndAllowed && (_matcher is null || _matcher.CanEnd);
        if (_matcher is not null && _answer.NextIsAnswer)
        {
            int? opening = _answer.OpeningToken;
            float openingLogit = opening is { } token ? logits[token] : 0;
            for (int i = 0; i < _endTokens.Length; i++)
                _endLogits[i] = logits[_endTokens[i]];
            Mask(_matcher, logits);
            if (opening is { } open)
                logits[open] = openingLogit;
            for (int i = 0; mayEnd && i < _endTokens.Length; i++)
                logits[_endTokens[i]] = _endLogits[i];
        }

        for (int i = 0; !mayEnd && i < _endTokens.Length; i++)
            logits[_endTokens[i]] = float.NegativeInfinity;
    }

    /// <summary>Takes a token that was drawn, before the answer takes it.</summary>
    internal void Accept(int token)
    {
        if (_matcher is null || !_answer.NextIsAnswer || token == _answer.OpeningToken
            || Array.IndexOf(_endTokens, token) >= 0)
        {
            return;
        }

        _matcher.Accept(token);
    }

    private void Mask(ConstraintMatcher matcher, Span<float> logits)
    {
        try
        {
            matcher.FillMask(_allowed);
        }
        catch (ConstraintException e)
        {
            throw new SamplingException(e.Message);
        }

        for (int word = 0; word < _allowed.Length; word++)
        {
            int first = word * 64;
            Span<float> span = logits.Slice(first, Math.Min(64, logits.Length - first));
            ulong ruledOut = ~_allowed[word];
            if (ruledOut == ulong.MaxValue)
            {
                span.Fill(float.NegativeInfinity);
                continue;
            }

            for (; ruledOut != 0; ruledOut &= ruledOut - 1)
            {
                int bit = BitOperations.TrailingZeroCount(ruledOut);
                if (bit < span.Length)
                    span[bit] = float.NegativeInfinity;
            }
        }
    }
}
