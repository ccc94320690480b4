using Fourteen.Engine.KvCache;
using Fourteen.Engine.Models;
using Fourteen.Kernels.Operators;

namespace Fourteen.Engine.Scheduling;

/// <summary>
/// What becomes of a sequence's logits: an answer that is sampled, or rows that are handed out. Called by the engine
/// thread, but for <see cref="TakeRow"/>.
/// </summary>
public interface ISequenceConsumer
{
    /// <summary>Whether the reader left room for what one step may produce; a sequence without room is not scheduled.
    /// </summary>
    bool HasRoom { get; }

    /// <summary>Whether the logits of a position are wanted when <paramref name="known"/> tokens are known.</summary>
    bool WantsLogits(int position, int known);

    /// <summary>Whether the state of a position after the last layer and its norm is wanted.</summary>
    bool WantsState(int position) => false;

    /// <summary>Takes a row of logits, which may be overwritten; runs on a worker, rows of other sequences beside it.
    /// </summary>
    void TakeRow(int position, Span<float> logits);

    /// <summary>Takes a state that was asked for, in order of position.</summary>
    void TakeState(int position, ReadOnlySpan<float> state)
    {
    }

    /// <summary>
    /// After the step: appends what was sampled to the sequence and sends what is ready. Returns whether all is done.
    /// </summary>
    bool Commit(Sequence sequence);

    /// <summary>The sequence ends: by itself, cancelled, or by <paramref name="fault"/>.</summary>
    void End(Sequence sequence, Exception? fault);
}

/// <summary>Who asks for a sequence, how urgent it is, and whose cached keys it may share.</summary>
public sealed record SchedulingOptions
{
    /// <summary>What is asked for when nothing is said.</summary>
    public static SchedulingOptions Default { get; } = new();

    /// <summary>A lower number comes first, and may take the place of higher ones that run.</summary>
    public int Priority { get; init; }

    /// <summary>Who is served in turn with others, such as the name of an API key; null is a tenant too.</summary>
    public string? Tenant { get; init; }

    /// <summary>Keys and values are shared only among equal salts.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Whether blocks of other sequences may be found and own ones be left for others.</summary>
    public bool PrefixCache { get; init; } = true;
}

/// <summary>
/// One conversation with the model, owned by the engine thread: tokens that are known and how many of them are
/// computed. A prompt, a chunk of it, one new token, or a recomputation after preemption are all the difference of the
/// two.
/// </summary>
public sealed class Sequence
{
    /// <summary>
    /// Tokens that room is made for at first, so that an answer of usual length allocates nothing: 16 KB, where the
    /// cache takes more for a single token.
    /// </summary>
    private const int TokensUsual = 4096;

    /// <summary>The most pending tokens of a stream: a new one, or the sentences that are forced upon an answer.
    /// </summary>
    private const int StreamPending = 32;

    /// <param name="tokensMax">Tokens that it may come to have.</param>
    /// <param name="chunkMax">The most tokens of this sequence in one step.</param>
    public Sequence(
        IReadOnlyList<int> prompt, int tokensMax, RopeFrequencies rope, int chunkMax, ISequenceConsumer consumer,
        SchedulingOptions options, CancellationToken cancellation)
    {
        Tokens = new List<int>(Math.Max(prompt.Count, Math.Min(tokensMax, TokensUsual)));
        Tokens.AddRange(prompt);
        Blocks = new List<int>((Tokens.Capacity / KvStore.BlockTokens) + 1);
        PromptLength = prompt.Count;
        Rope = rope;
        ChunkMax = chunkMax;
        Consumer = consumer;
        Options = options;
        CacheKey = options.PrefixCache ? new PrefixKey(options.CacheSalt, Adapter: null, rope) : null;
        Cancellation = cancellation;
    }

    /// <summary>All known tokens: the prompt and what was appended.</summary>
    public List<int> Tokens { get; }

    public int PromptLength { get; }

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    public int TokensComputed { get; set; }

    /// <summary>Tokens still to compute.</summary>
    public int Pending => Tokens.Count - TokensComputed;

    /// <summary>The most tokens of this sequence in one step.</summary>
    public int ChunkMax { get; }

    /// <summary>Cache blocks in order of position; the first <see cref="BlocksPublished"/> may be shared.</summary>
    public List<int> Blocks { get; }

    /// <summary>Blocks that others can find, of a sequence that takes part in that.</summary>
    public int BlocksPublished { get; set; }

    /// <summary>
    /// Fixed for the life of the sequence: cached keys are turned by it, so that blocks may only be taken over from a
    /// sequence with the same object, and whatever key finds cached blocks must hold it.
    /// </summary>
    public RopeFrequencies Rope { get; }

    public ISequenceConsumer Consumer { get; }

    public SchedulingOptions Options { get; }

    /// <summary>What others must have in common to share blocks; null: none are shared.</summary>
    public PrefixKey? CacheKey { get; }

    public CancellationToken Cancellation { get; }

    /// <summary>Tokens of the prompt that the cache held when the sequence was first admitted; null before.</summary>
    public int? CachedTokens { get; internal set; }

    /// <summary>When it was first in a step, on the engine's clock; null before.</summary>
    public long? FirstScheduled { get; internal set; }

    /// <summary>Whether somebody reads new tokens as they come; not while much must be computed again.</summary>
    public bool IsStream =>
        TokensComputed >= PromptLength && Tokens.Count > PromptLength && Pending <= StreamPending;

    /// <summary>The order in which its scheduler got it.</summary>
    internal long Arrival { get; set; }

    /// <summary>Whether it may be in a step; else it waits for a place.</summary>
    internal bool IsRunning { get; set; }

    /// <summary>Who is charged; set while a scheduler has it.</summary>
    internal TenantAccount? Account { get; set; }

    /// <summary>Tokens that its tenant was charged for; those that were cached or are computed again are free.
    /// </summary>
    internal int TokensCharged { get; set; }

    /// <summary>Since when its reader leaves no room, on the engine's clock; null: there is room.</summary>
    internal long? ParkedSince { get; set; }

    internal bool WantsLogits(int position) => Consumer.WantsLogits(position, Tokens.Count);
}
