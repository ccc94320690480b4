using BenchmarkDotNet.Running;
using Fourteen.Benchmarks;

// dotnet run -c Release --project benchmarks/Fourteen.Benchmarks -- --filter '*MatMul*' --job short
// dotnet run -c Release --project benchmarks/Fourteen.Benchmarks -- constraints TOKENIZER.json SUITE_FOLDER
if (args is ["constraints", var tokenizer, var suite])
    ConstraintTable.Print(tokenizer, suite);
else
    BenchmarkSwitcher.FromAssembly(typeof(MatMulBenchmarks).Assembly).Run(args);
