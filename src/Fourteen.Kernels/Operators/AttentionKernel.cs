using Fourteen.Kernels.Lanes;
using Fourteen.Kernels.MatMul;

namespace Fourteen.Kernels.Operators;

/// <summary>
/// The inner loops for one instruction set and one storage type of the cache, and the powers of two that go with the
/// type: queries are multiplied by <see cref="QueryFactor"/>, scores by <see cref="ScoreFactor"/>, weights by
/// <see cref="WeightFactor"/>.
/// </summary>
internal readonly unsafe struct AttentionKernel
{
    private AttentionKernel(
        delegate*<float*, int, byte*, int, float, float*, byte*, void> scores,
        delegate*<float*, int, byte*, int, int, int, float*, byte*, void> values)
    {
        Scores = scores;
        Values = values;
    }

    /// <summary>See <see cref="AttentionTile{TL, TI, TF, TR}.Scores"/>.</summary>
    internal delegate*<float*, int, byte*, int, float, float*, byte*, void> Scores { get; }

    /// <summary>See <see cref="AttentionTile{TL, TI, TF, TR}.Values"/>.</summary>
    internal delegate*<float*, int, byte*, int, int, int, float*, byte*, void> Values { get; }

    internal float QueryFactor { get; private init; } = 1;

    internal float ScoreFactor { get; private init; } = 1;

    internal float WeightFactor { get; private init; } = 1;

    internal static AttentionKernel Of(IsaPath isa, KvType type) => type switch
    {
        KvType.F32 => Of<F32Rows>(isa),
        // A key is read as its 2^−112th part. 2^96 on the query and 2^16 on the score leave room for any query.
        KvType.F16 => Of<F16Rows>(isa) with
        {
            QueryFactor = 7.9228162514264338e28f,
            ScoreFactor = 65536,
            WeightFactor = 5.192296858534828e33f,
        },
        KvType.Q8_0 => Of<Q8_0Rows>(isa),
        KvType.Q4_0 => Of<Q4_0Rows>(isa),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static AttentionKernel Of<TR>(IsaPath isa)
        where TR : struct, IKvRows => isa switch
        {
            IsaPath.Avx512 or IsaPath.Avx512Vnni => Of<Lanes512, V512I, V512F, TR>(),
            IsaPath.AvxVnni or IsaPath.Avx2 => Of<Lanes256<PairProducts>, V256I, V256F, TR>(),
            IsaPath.Vector128 => Of<Lanes128, V128I, V128F, TR>(),
            _ => new AttentionKernel(&AttentionScalar<TR>.Scores, &AttentionScalar<TR>.Values),
        };

    private static AttentionKernel Of<TL, TI, TF, TR>()
        where TL : struct, ILanes<TI, TF>
        where TI : struct
        where TF : struct
        where TR : struct, IKvRows =>
        new(&AttentionTile<TL, TI, TF, TR>.Scores, &AttentionTile<TL, TI, TF, TR>.Values);
}
