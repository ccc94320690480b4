using BenchmarkDotNet.Running;

// dotnet run -c Release --project benchmarks/Fourteen.Benchmarks -- --filter '*MatMul*' --job short
BenchmarkSwitcher.FromAssembly(typeof(Fourteen.Benchmarks.MatMulBenchmarks).Assembly).Run(args);
