using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// What becomes of a sequence's logits: an answer that is sampled, or rows that are handed out. Called by the engine
/// thread, but for <see cref="TakeRow"/>.
/// </summary>
internal interface ISequenceConsumer
{
    /// <summary>Whether the reader left room for what one step may produce; a sequence without room is not scheduled.
    /// </summary>
    bool HasRoom { get; }

    /// <summary>Whether the logits of a position are wanted when <paramref name="known"/> tokens are known.</summary>
    bool WantsLogits(int position, int known);

    /// <summary>Takes a row of logits, which may be overwritten; runs on a worker, rows of other sequences beside it.
    /// </summary>
    void TakeRow(int position, Span<float> logits);

    /// <summary>
    /// After the step: appends what was sampled to the sequence and sends what is ready. Returns whether all is done.
    /// </summary>
    bool Commit(Sequence sequence);

    /// <summary>The sequence ends: by itself, cancelled, or by <paramref name="fault"/>.</summary>
    void End(Sequence sequence, Exception? fault);
}

/// <summary>
/// One conversation with the model, owned by the engine thread: tokens that are known and how many of them are
/// computed. A prompt, a chunk of it, one new token, or a recomputation after preemption are all the difference of the
/// two.
/// </summary>
internal sealed class Sequence
{
    /// <summary>
    /// Tokens that room is made for at first, so that an answer of usual length allocates nothing: 16 KB, where the
    /// cache takes more for a single token.
    /// </summary>
    private const int TokensUsual = 4096;

    /// <param name="tokensMax">Tokens that it may come to have.</param>
    internal Sequence(
        IReadOnlyList<int> prompt, int tokensMax, RopeFrequencies rope, int chunkMax, ISequenceConsumer consumer,
        CancellationToken cancellation)
    {
        Tokens = new List<int>(Math.Max(prompt.Count, Math.Min(tokensMax, TokensUsual)));
        Tokens.AddRange(prompt);
        Blocks = new List<int>((Tokens.Capacity / KvStore.BlockTokens) + 1);
        PromptLength = prompt.Count;
        Rope = rope;
        ChunkMax = chunkMax;
        Consumer = consumer;
        Cancellation = cancellation;
    }

    /// <summary>All known tokens: the prompt and what was appended.</summary>
    internal List<int> Tokens { get; }

    internal int PromptLength { get; }

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    internal int TokensComputed { get; set; }

    /// <summary>The most tokens of this sequence in one step.</summary>
    internal int ChunkMax { get; }

    /// <summary>Cache blocks in order of position.</summary>
    internal List<int> Blocks { get; }

    /// <summary>
    /// Fixed for the life of the sequence: cached keys are turned by it, so that blocks may only be taken over from a
    /// sequence with the same object, and whatever key finds cached blocks must hold it.
    /// </summary>
    internal RopeFrequencies Rope { get; }

    internal ISequenceConsumer Consumer { get; }

    internal CancellationToken Cancellation { get; }

    internal bool WantsLogits(int position) => Consumer.WantsLogits(position, Tokens.Count);
}
