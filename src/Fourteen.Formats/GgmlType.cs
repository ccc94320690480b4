namespace Fourteen.Formats;

/// <summary>The storage types of ggml, with the ids that stand in a GGUF file (reference: ggml.h).</summary>
public enum GgmlType
{
    F32 = 0, F16 = 1, Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8, Q8_1 = 9,
    Q2_K = 10, Q3_K = 11, Q4_K = 12, Q5_K = 13, Q6_K = 14, Q8_K = 15,
    IQ2_XXS = 16, IQ2_XS = 17, IQ3_XXS = 18, IQ1_S = 19, IQ4_NL = 20, IQ3_S = 21, IQ2_S = 22, IQ4_XS = 23,
    I8 = 24, I16 = 25, I32 = 26, I64 = 27, F64 = 28, IQ1_M = 29, BF16 = 30,
    TQ1_0 = 34, TQ2_0 = 35, MXFP4 = 39, NVFP4 = 40, Q1_0 = 41, Q2_0 = 42,
}

/// <summary>How a type stores a row: <paramref name="BlockElements"/> elements take <paramref name="BlockBytes"/>
/// bytes.
/// </summary>
/// <param name="Type">The type.</param>
/// <param name="Name">The name as ggml prints it, e.g. <c>q4_K</c>.</param>
/// <param name="BlockElements">Elements of one block; a row is a whole number of blocks.</param>
/// <param name="BlockBytes">Bytes of one block.</param>
public sealed record GgmlTypeTraits(GgmlType Type, string Name, int BlockElements, int BlockBytes)
{
    private static readonly GgmlTypeTraits[] Rows =
    [
        new(GgmlType.F32, "f32", 1, 4),
        new(GgmlType.F16, "f16", 1, 2),
        new(GgmlType.Q4_0, "q4_0", 32, 18),
        new(GgmlType.Q4_1, "q4_1", 32, 20),
        new(GgmlType.Q5_0, "q5_0", 32, 22),
        new(GgmlType.Q5_1, "q5_1", 32, 24),
        new(GgmlType.Q8_0, "q8_0", 32, 34),
        new(GgmlType.Q8_1, "q8_1", 32, 36),
        new(GgmlType.Q2_K, "q2_K", 256, 84),
        new(GgmlType.Q3_K, "q3_K", 256, 110),
        new(GgmlType.Q4_K, "q4_K", 256, 144),
        new(GgmlType.Q5_K, "q5_K", 256, 176),
        new(GgmlType.Q6_K, "q6_K", 256, 210),
        new(GgmlType.Q8_K, "q8_K", 256, 292),
        new(GgmlType.IQ2_XXS, "iq2_xxs", 256, 66),
        new(GgmlType.IQ2_XS, "iq2_xs", 256, 74),
        new(GgmlType.IQ3_XXS, "iq3_xxs", 256, 98),
        new(GgmlType.IQ1_S, "iq1_s", 256, 50),
        new(GgmlType.IQ4_NL, "iq4_nl", 32, 18),
        new(GgmlType.IQ3_S, "iq3_s", 256, 110),
        new(GgmlType.IQ2_S, "iq2_s", 256, 82),
        new(GgmlType.IQ4_XS, "iq4_xs", 256, 136),
        new(GgmlType.I8, "i8", 1, 1),
        new(GgmlType.I16, "i16", 1, 2),
        new(GgmlType.I32, "i32", 1, 4),
        new(GgmlType.I64, "i64", 1, 8),
        new(GgmlType.F64, "f64", 1, 8),
        new(GgmlType.IQ1_M, "iq1_m", 256, 56),
        new(GgmlType.BF16, "bf16", 1, 2),
        new(GgmlType.TQ1_0, "tq1_0", 256, 54),
        new(GgmlType.TQ2_0, "tq2_0", 256, 66),
        new(GgmlType.MXFP4, "mxfp4", 32, 17),
        new(GgmlType.NVFP4, "nvfp4", 64, 36),
        new(GgmlType.Q1_0, "q1_0", 128, 18),
        new(GgmlType.Q2_0, "q2_0", 64, 18),
    ];

    private static readonly Dictionary<GgmlType, GgmlTypeTraits> ByType = Rows.ToDictionary(row => row.Type);

    /// <summary>Every type of the table, by id.</summary>
    public static IReadOnlyList<GgmlTypeTraits> All => Rows;

    /// <summary>The traits of <paramref name="type"/>, or null for an id that the table does not hold.</summary>
    public static GgmlTypeTraits? Find(GgmlType type) => ByType.GetValueOrDefault(type);

    /// <summary>The traits of a type that is known to be in the table.</summary>
    public static GgmlTypeTraits Of(GgmlType type) => ByType[type];

    /// <summary>Bytes of a row of <paramref name="elements"/>, which must be a whole number of blocks.</summary>
    public long RowBytes(long elements) => checked(elements / BlockElements * BlockBytes);
}
