using System.Diagnostics;
using System.Globalization;
using Fourteen.Engine;
using Fourteen.Engine.Models;
using Fourteen.Engine.Scheduling;
using Fourteen.Kernels.Limits;
using Fourteen.Protocol.Chat;
using Fourteen.Peers;
using LLama;
using LLama.Common;
using LLama.Native;

// Fourteen and llama.cpp (LLamaSharp.Backend.Cpu) in one process on the same GGUF file and threads, in turn: tokens per
// second of a prompt and of generation, and the ratio; or whether both continue texts with the same tokens.
if (args.Length == 0)
{
    Console.Error.WriteLine("Fourteen.Peers MODEL.gguf [threads=2] [prompt=512] [generate=64] [runs=5]");
    Console.Error.WriteLine("Fourteen.Peers greedy MODEL CASES.json");
    return 2;
}

if (args is ["greedy", var compared, var cases])
{
    NativeLogConfig.llama_log_set((NativeLogConfig.LLamaLogCallback)((_, _) => { }));
    return await GreedyComparison.RunAsync(compared, cases);
}

int threads = Number(1, 2), promptTokens = Number(2, 512), generate = Number(3, 64), runs = Number(4, 5);
NativeLogConfig.llama_log_set((NativeLogConfig.LLamaLogCallback)((_, _) => { }));
using var engine = new InferenceEngine(new EngineOptions { Threads = threads }, TimeProvider.System);
int context = promptTokens + generate + 64;
LoadedModel model = await engine.LoadAsync(
    args[0], new ModelOptions { Context = context }, null, CancellationToken.None);
var provider = new LocalProvider(engine, model, TimeProvider.System);
var parameters = new ModelParams(args[0])
{
    ContextSize = (uint)context,
    Threads = threads,
    BatchThreads = threads,
    BatchSize = (uint)Math.Max(promptTokens, 512),
    GpuLayerCount = 0,
};
using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
using LLamaContext peer = weights.CreateContext(parameters);

int[] prompt = [.. Enumerable.Range(0, promptTokens).Select(i => 100 + (i * 7919 % 20000 % model.Config.Vocabulary))];
var results = new List<(double OurPrompt, double PeerPrompt, double OurDecode, double PeerDecode)>();
for (int run = 0; run <= runs; run++)
{
    (double ourPrompt, double ourDecode) = (await OurPrompt(), await OurDecode());
    (double peerPrompt, double peerDecode) = Peer();
    // The first run warms both up.
    if (run > 0)
        results.Add((ourPrompt, peerPrompt, ourDecode, peerDecode));
}

Print($"pp{promptTokens}", results.ConvertAll(r => r.OurPrompt), results.ConvertAll(r => r.PeerPrompt));
Print($"tg{generate}", results.ConvertAll(r => r.OurDecode), results.ConvertAll(r => r.PeerDecode));
return 0;

int Number(int index, int absent) =>
    args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : absent;

async Task<double> OurPrompt()
{
    long start = Stopwatch.GetTimestamp();
    await foreach (LogitsRow _ in engine.LogitsAsync(model, prompt, [prompt.Length - 1], 512, CancellationToken.None))
    {
    }

    return promptTokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
}

async Task<double> OurDecode()
{
    var request = new ChatRequest
    {
        Text = "Once upon a time",
        MaxTokens = generate + 1,
        IgnoreEnd = true,
        Sampling = new SamplingSettings { Temperature = 0 },
    };
    double rate = 0;
    await foreach (ChatEvent item in provider.StreamAsync(request, CancellationToken.None))
    {
        if (item is Completed completed)
            rate = completed.Usage.DecodeTokensPerSecond;
    }

    return rate;
}

(double Prompt, double Decode) Peer()
{
    peer.NativeHandle.MemoryClear(true);
    var batch = new LLamaBatch();
    for (int i = 0; i < prompt.Length; i++)
        batch.Add(prompt[i], i, LLamaSeqId.Zero, i == prompt.Length - 1);
    long start = Stopwatch.GetTimestamp();
    peer.NativeHandle.Decode(batch);
    peer.NativeHandle.Synchronize();
    double promptRate = promptTokens / Stopwatch.GetElapsedTime(start).TotalSeconds;

    peer.NativeHandle.MemoryClear(true);
    LLamaToken token = prompt[0];
    batch.Clear();
    batch.Add(token, 0, LLamaSeqId.Zero, true);
    peer.NativeHandle.Decode(batch);
    start = Stopwatch.GetTimestamp();
    for (int i = 1; i <= generate; i++)
    {
        ReadOnlySpan<float> logits = peer.NativeHandle.GetLogitsIth(0);
        int best = 0;
        for (int id = 1; id < logits.Length; id++)
            best = logits[id] > logits[best] ? id : best;
        batch.Clear();
        batch.Add(best, i, LLamaSeqId.Zero, true);
        peer.NativeHandle.Decode(batch);
    }

    peer.NativeHandle.Synchronize();
    return (promptRate, generate / Stopwatch.GetElapsedTime(start).TotalSeconds);
}

static void Print(string test, List<double> ours, List<double> peers)
{
    double[] ratios = [.. ours.Zip(peers, (a, b) => a / b).Order()];
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{test,-6} Fourteen {Median.Of(ours),8:F1} t/s   llama.cpp {Median.Of(peers),8:F1} t/s   "
        + $"ratio {Median.Of(ratios):F2} ({ratios[0]:F2} – {ratios[^1]:F2}, {ratios.Length} runs)"));
}
