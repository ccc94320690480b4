using System.Diagnostics;

namespace Fourteen.Kernels.Limits;

/// <summary>
/// How long a cache line takes from one core to another and back. Where two virtual cores are threads of one core, it
/// stays in that core's own cache and is back in a third of the time; two workers then have one core's arithmetic.
/// </summary>
public static class CoreBounce
{
    /// <summary>Round trips of a core that two threads share are below this, those between cores above.</summary>
    public const double SharedCoreNanosecondsMax = 40;

    /// <summary>More is no cache but a scheduler.</summary>
    private const double BelievedNanosecondsMax = 2000;

    private const int FastPart = 100; // the fastest hundredth
    private const int Trips = 20;
    private const int Batches = 5000;
    private const int LongsPerLine = 8;
    private const long Stop = -1;

    /// <summary>Where a machine is so busy that the threads do not meet, what was measured until then counts.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Nanoseconds of a round trip between two threads: of many short runs one of the fastest, since whatever disturbs
    /// them makes them longer. Null where there is one processor, or where the threads hardly ever ran at once.
    /// </summary>
    public static double? Measure()
    {
        if (Environment.ProcessorCount < 2)
            return null;
        long[] memory = new long[3 * LongsPerLine];
        var echo = new Thread(() => Echo(ref memory[LongsPerLine])) { IsBackground = true, Name = "fourteen echo" };
        echo.Start();
        List<double> batches = [];
        long start = Stopwatch.GetTimestamp(), turn = 1;
        while (batches.Count == 0 || (batches.Count < Batches && Stopwatch.GetElapsedTime(start) < Patience))
        {
            long batchStart = Stopwatch.GetTimestamp();
            turn = Bounce(ref memory[LongsPerLine], turn);
            batches.Add(Stopwatch.GetElapsedTime(batchStart).TotalNanoseconds / Trips);
        }

        Volatile.Write(ref memory[LongsPerLine], Stop);
        echo.Join();
        double fast = batches.Order().ElementAt(batches.Count / FastPart);
        return fast < BelievedNanosecondsMax ? fast : null;
    }

    /// <summary>
    /// Writes odd numbers and waits for the even ones after them. Neither side ever yields: on a busy machine the two
    /// would go on missing each other.
    /// </summary>
    private static long Bounce(ref long line, long turn)
    {
        for (int trip = 0; trip < Trips; trip++, turn += 2)
        {
            Volatile.Write(ref line, turn);
            while (Volatile.Read(ref line) != turn + 1)
            {
            }
        }

        return turn;
    }

    /// <summary>Answers each odd number by the even one after it.</summary>
    private static void Echo(ref long line)
    {
        while (true)
        {
            long seen = Volatile.Read(ref line);
            if (seen == Stop)
                return;
            if (seen % 2 == 1)
                Volatile.Write(ref line, seen + 1);
        }
    }
}
