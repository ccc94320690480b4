using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Fourteen.Engine.Constraints;
using Fourteen.Engine.Tokenizers;

namespace Fourteen.Benchmarks;

/// <summary>
/// What constrained decoding costs at a real vocabulary: compiling each schema of the JSON Schema Test Suite and of ten
/// tools, and the mask before each token of texts that match. Times are of the first visit: each schema is
/// compiled anew for each text, by a compiler that is warm as a server's is.
/// </summary>
internal static class ConstraintTable
{
    private const int Rounds = 5;

    /// <param name="tokenizerPath">A tokenizer.json.</param>
    /// <param name="suiteFolder">A folder with the suite's files.</param>
    public static void Print(string tokenizerPath, string suiteFolder)
    {
        Tokenizer tokenizer = Tokenizer.FromTokenizerJson(tokenizerPath, File.ReadAllBytes(tokenizerPath));
        var clock = Stopwatch.StartNew();
        var compiler = ConstraintCompiler.For(tokenizer);
        Console.WriteLine($"tree of {tokenizer.VocabularySize} tokens   {clock.ElapsedMilliseconds} ms");
        clock.Restart();
        compiler.WarmUp();
        Console.WriteLine($"shared masks                {clock.ElapsedMilliseconds} ms");
        (JsonElement Schema, string[] Texts)[] suite = [.. ReadSuite(suiteFolder)];
        (JsonElement Schema, string[] Texts)[] tools = [.. ReadTools()];
        Measure(compiler, tokenizer, [.. suite, .. tools]); // The code itself is compiled here.
        Console.WriteLine($"{"µs",-24}{"count",7}{"median",9}{"90 %",9}{"99 %",9}{"most",9}");
        foreach ((string name, (JsonElement, string[])[] set) in new[] { ("suite", suite), ("tools", tools) })
        {
            var runs = Enumerable.Range(0, Rounds).Select(_ => Measure(compiler, tokenizer, set)).ToArray();
            Report($"{name}: compile", runs.Select(run => run.Compile));
            Report($"{name}: mask, first visit", runs.Select(run => run.First));
            Report($"{name}: mask, again", runs.Select(run => run.Again));
        }
    }

    private static (List<double> Compile, List<double> First, List<double> Again) Measure(
        ConstraintCompiler compiler, Tokenizer tokenizer, (JsonElement Schema, string[] Texts)[] set)
    {
        List<double> compile = [], first = [], again = [];
        ulong[] mask = new ulong[compiler.MaskWords];
        foreach ((JsonElement schema, string[] texts) in set)
        {
            foreach (string text in texts.Length == 0 ? [""] : texts)
            {
                long begin = Stopwatch.GetTimestamp();
                CompiledConstraint constraint;
                try
                {
                    constraint = compiler.CompileJsonSchema(schema);
                }
                catch (ConstraintException)
                {
                    break;
                }

                compile.Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
                int[] tokens = tokenizer.Encode(text, AddedTokens.None);
                Follow(constraint, tokens, mask, first);
                Follow(constraint, tokens, mask, again);
            }
        }

        return (compile, first, again);
    }

    private static void Follow(CompiledConstraint constraint, int[] tokens, ulong[] mask, List<double> times)
    {
        ConstraintMatcher matcher = constraint.CreateMatcher();
        foreach (int token in tokens)
        {
            long begin = Stopwatch.GetTimestamp();
            matcher.FillMask(mask);
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
            if (!matcher.TryAccept(token))
                return; // Another order of properties than the schema's.
        }
    }

    /// <summary>Of repeated runs of the same work the fastest counts: others are the machine's.</summary>
    private static void Report(string name, IEnumerable<List<double>> runs)
    {
        List<double>[] all = [.. runs];
        double[] times = [.. Enumerable.Range(0, all[0].Count).Select(i => all.Min(run => run[i])).Order()];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-24}{times.Length,7}{At(0.5),9:F1}{At(0.9),9:F1}{At(0.99),9:F1}{times[^1],9:F1}"));

        double At(double part) => times[(int)(part * (times.Length - 1))];
    }

    private static IEnumerable<(JsonElement, string[])> ReadSuite(string folder)
    {
        foreach (string path in Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (JsonElement group in document.RootElement.EnumerateArray())
            {
                yield return (group.GetProperty("schema").Clone(),
                [
                    .. group.GetProperty("tests").EnumerateArray()
                        .Where(test => test.GetProperty("valid").GetBoolean())
                        .Select(test => Compact(test.GetProperty("data"))),
                ]);
            }
        }
    }

    private static IEnumerable<(JsonElement, string[])> ReadTools()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "tools.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        foreach (JsonElement tool in document.RootElement.EnumerateArray())
        {
            yield return (tool.GetProperty("parameters").Clone(),
                [.. tool.GetProperty("calls").EnumerateArray().Select(call => call.GetRawText())]);
        }
    }

    private static string Compact(JsonElement value)
    {
        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions
        {
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
        {
            value.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
