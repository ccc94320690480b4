using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Fourteen.Kernels.MachineCode;

/// <summary>
/// Assembles tiles of 16 packed rows times one to eight tokens: one 32-bit lane a row, and the float operations and
/// their order those of the type's scalar twin. This class has what all types share: arguments, addresses, loops and
/// stores; a type emits the product of one block.
/// </summary>
/// <remarks>
/// System V convention: rdi is the pointer to <see cref="TileArguments"/>, all vector registers are free. Three belong
/// to each token, eight are scratch. Tiles of two groups, which read a token's quants once for both, were no faster.
/// </remarks>
/// <param name="tokens">1 … <see cref="TokensMax"/>.</param>
/// <param name="shares">
/// How many calls for the same group together bring the next one into the second cache; 1 where a group has one call,
/// which fetches its own blocks.
/// </param>
internal sealed class TileAssembler(int tokens, int shares)
{
    /// <summary>The most tokens of a tile: 3 · 8 registers and eight for weights are all there are.</summary>
    internal const int TokensMax = 8;

    private const int CacheLine = 64;

    /// <summary>
    /// How far before its use a block is fetched where each is used once. Of 2, 4, 8 and 16 KiB, 4 and 8 were the best
    /// on Zen 5: about 1.7 times the rate of no fetching at all.
    /// </summary>
    private const int AheadBytes = 8 << 10;


    private static readonly AssemblerRegisterZMM[] Registers =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private readonly List<(Label Label, uint Value)> _constants = [];

    internal Assembler Code { get; } = new(64);

    internal int Tokens => tokens;

    /// <summary>What each of <paramref name="shares"/> calls fetches for a block, in whole cache lines.</summary>
    internal static int ShareBytes(int blockBytes, int shares) =>
        (blockBytes + (CacheLine * shares) - 1) / (CacheLine * shares) * CacheLine;

    /// <summary>The float sum of a token, which is its output in the end.</summary>
    internal static AssemblerRegisterZMM Total(int token) => Registers[token];

    /// <summary>A register of a token that lives through a block, or through a part.</summary>
    internal static AssemblerRegisterZMM Sum(int token) => Registers[8 + token];

    /// <summary>A register of a token for the innermost loop.</summary>
    internal static AssemblerRegisterZMM Dot(int token) => Registers[16 + token];

    /// <summary>One of eight registers that belong to no token.</summary>
    internal static AssemblerRegisterZMM Scratch(int index) => Registers[24 + index];

    /// <summary>Bytes of the packed group from the current block on.</summary>
    internal static AssemblerMemoryOperand Group(int offset) => rdi + offset;

    /// <summary>A token's scale, in every lane.</summary>
    internal static AssemblerMemoryOperand Scale(int token) => __dword_bcst[At(token, r12, r13, r14, r15, 0)];

    /// <summary>Four bytes of a token's sums, in every lane.</summary>
    internal static AssemblerMemoryOperand Sums(int token, int offset) =>
        __dword_bcst[At(token, rsi, rdx, r8, r9, offset)];

    /// <summary>Emits something for each token.</summary>
    internal void ForEach(Action<int> emit)
    {
        for (int token = 0; token < tokens; token++)
            emit(token);
    }

    /// <summary>Dot += four columns of weights · quants, for each token.</summary>
    internal void Multiply(AssemblerRegisterZMM weights, int column) => ForEach(token =>
        Code.vpdpbusd(Dot(token), weights, __dword_bcst[At(token, rax, rbx, r10, r11, column)]));

    internal void ClearDots() => ForEach(token => Clear(Dot(token)));

    /// <summary>Sum += scale · Dot for each token in integers, or Sum = where it is the block's first.</summary>
    internal void AddScaled(AssemblerRegisterZMM scale, bool first)
    {
        ForEach(token => Code.vpmulld(first ? Sum(token) : Dot(token), Dot(token), scale));
        if (!first)
            ForEach(token => Code.vpaddd(Sum(token), Sum(token), Dot(token)));
    }

    /// <summary>A constant in every lane, kept behind the code.</summary>
    internal AssemblerMemoryOperand Constant(uint value) => __dword_bcst[ConstantLabel(value)];

    /// <summary>Fills a register with a constant.</summary>
    internal void Load(AssemblerRegisterZMM target, uint constant) =>
        Code.vpbroadcastd(target, __dword_ptr[ConstantLabel(constant)]);

    /// <summary>Sixteen halves to floats, as <see cref="Lanes.Lanes512.LoadHalf"/> does it.</summary>
    internal void LoadHalves(AssemblerRegisterZMM target, int offset)
    {
        Code.vpmovsxwd(target, __ymmword_ptr[Group(offset)]);
        Code.vpslld(target, target, 13);
        Code.vpandd(target, target, Constant(0x8FFFE000));
        Code.vmulps(target, target, Constant(BitConverter.SingleToUInt32Bits(5.192296858534828e33f)));
    }

    internal void Clear(AssemblerRegisterZMM register) => Code.vpxord(register, register, register);

    /// <summary>The function of a type whose blocks of 256 columns are terms of their own.</summary>
    internal byte[] AssembleBlocks256(int groupBytes, int sumBytes, Action block) =>
        Assemble(groupBytes, 256, sumBytes, 1, () => { }, block, () => { });

    /// <summary>
    /// The function: <paramref name="block"/> is emitted once, in a loop whose pointers move on by so many bytes.
    /// <paramref name="partBlocks"/> blocks make a part, around which <paramref name="begin"/> and
    /// <paramref name="end"/> are emitted.
    /// </summary>
    internal byte[] Assemble(
        int groupBytes, int quantBytes, int sumBytes, int partBlocks, Action begin, Action block, Action end)
    {
        AssemblerRegister64[] saved = [rbx, rbp, r12, r13, r14, r15];
        foreach (AssemblerRegister64 register in saved)
            Code.push(register);
        Enter();
        Label part = Code.CreateLabel(), next = Code.CreateLabel();
        Code.Label(ref part);
        BeginPart(partBlocks);
        begin();
        Code.Label(ref next);
        Prefetch(groupBytes);
        block();
        Code.add(rdi, groupBytes);
        Advance(rax, rbx, quantBytes);
        Advance(r12, r13, sizeof(float));
        Advance(rsi, rdx, sumBytes);
        Code.dec(rbp);
        Code.jnz(next);
        end();
        Code.cmp(BlocksLeft, 0);
        Code.jnz(part);
        Store();
        foreach (AssemblerRegister64 register in saved.Reverse())
            Code.pop(register);
        Code.vzeroupper();
        Code.ret();
        foreach ((Label label, uint value) in _constants)
        {
            Label place = label;
            Code.Label(ref place);
            Code.dd(value);
        }

        using var stream = new MemoryStream();
        Code.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }

    /// <summary>Token t of [t0 … t3, t4 … t7]: two bases, one stride and three strides reach all eight.</summary>
    private static AssemblerMemoryOperand At(
        int token, AssemblerRegister64 low, AssemblerRegister64 high, AssemblerRegister64 stride,
        AssemblerRegister64 thrice, int offset)
    {
        AssemblerRegister64 start = token < 4 ? low : high;
        return (token % 4) switch
        {
            0 => start + offset,
            1 => start + (stride * 1) + offset,
            2 => start + (stride * 2) + offset,
            _ => start + (thrice * 1) + offset,
        };
    }

    private Label ConstantLabel(uint value)
    {
        int index = _constants.FindIndex(constant => constant.Value == value);
        if (index < 0)
        {
            index = _constants.Count;
            _constants.Add((Code.CreateLabel(), value));
        }

        return _constants[index].Label;
    }

    private static AssemblerMemoryOperand Argument(int index) => __qword_ptr[rdi + (index * sizeof(long))];

    /// <summary>
    /// Keeps the arguments' address and the count of blocks on the stack, and loads totals, pointers and strides.
    /// </summary>
    private void Enter()
    {
        Code.push(rdi);
        EachOutput(token => Code.vmovups(Total(token), __zmmword_ptr[rax]));
        Code.push(Argument(1));
        LoadArray(2, rax, rbx, r10, r11);
        LoadArray(4, r12, r13, r14, r15);
        LoadArray(6, rsi, rdx, r8, r9);
        Code.mov(rcx, Argument(10));
        Code.mov(rdi, Argument(0));
    }

    private static AssemblerMemoryOperand BlocksLeft => __qword_ptr[rsp];

    /// <summary>Takes the blocks of the next part, the last of which may be short, from those left.</summary>
    private void BeginPart(int blocks)
    {
        Code.mov(rbp, blocks);
        Code.cmp(BlocksLeft, rbp);
        Code.cmovl(rbp, BlocksLeft);
        Code.sub(BlocksLeft, rbp);
    }

    /// <summary>Fetches a block's share of the next group, or a block that comes soon. An address past the weights does
    /// no harm.</summary>
    private void Prefetch(int blockBytes)
    {
        if (shares == 1)
        {
            for (int line = 0; line < blockBytes; line += CacheLine)
                Code.prefetcht0(__byte_ptr[rdi + AheadBytes + line]);
            return;
        }

        int bytes = ShareBytes(blockBytes, shares);
        for (int line = 0; line < bytes; line += CacheLine)
            Code.prefetcht1(__byte_ptr[rcx + line]);
        Code.add(rcx, bytes);
    }

    private void LoadArray(
        int argument, AssemblerRegister64 low, AssemblerRegister64 high, AssemblerRegister64 stride,
        AssemblerRegister64 thrice)
    {
        Code.mov(low, Argument(argument));
        Code.mov(stride, Argument(argument + 1));
        Code.lea(high, low + (stride * 4));
        Code.lea(thrice, stride + (stride * 2));
    }

    private void Advance(AssemblerRegister64 low, AssemblerRegister64 high, int bytes)
    {
        Code.add(low, bytes);
        if (tokens > 4)
            Code.add(high, bytes);
    }

    private void Store()
    {
        Code.pop(rdi);
        Code.pop(rdi);
        EachOutput(token => Code.vmovups(__zmmword_ptr[rax], Total(token)));
    }

    /// <summary>Emits something for each token, whose output is where rax points to.</summary>
    private void EachOutput(Action<int> emit)
    {
        Code.mov(rax, Argument(8));
        Code.mov(r10, Argument(9));
        ForEach(token =>
        {
            emit(token);
            Code.add(rax, r10);
        });
    }

    /// <summary>Fills each quarter of a register with the same four words, kept behind the code.</summary>
    internal void LoadTable(AssemblerRegisterZMM target, ReadOnlySpan<uint> words)
    {
        Label first = Code.CreateLabel();
        for (int i = 0; i < 4; i++)
            _constants.Add((i == 0 ? first : Code.CreateLabel(), words[i]));
        Code.vbroadcasti32x4(target, __xmmword_ptr[first]);
    }
}
