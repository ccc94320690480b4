using Xunit;

namespace Fourteen.Tidy.Tests;

public sealed class HotLoopsTests
{
    private const string Source = """
        internal static unsafe class Dot
        {
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static float Marked(float* x, int n) { for (int i = 0; i < n; i++) { } return 0; }

            [SkipLocalsInit]
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static float MarkedAmongOthers(
                float* x,
                int n)
            {
                while (n > 0) { n--; }
                return 0;
            }

            private static float Unmarked(byte* weights, nint blocks)
            {
                if (blocks > 0) { }
                for (int b = 0; b < blocks; b++) { }
                return 0;
            }

            [SkipLocalsInit]
            internal static void AlsoUnmarked<T>(T* x, int n) where T : unmanaged
            {
                do { n--; } while (n > 0);
            }

            private static float NoLoop(float* x) { return *x; }

            private static float OneExpression(float* x) => *x;

            private static int NoPointer(int n) { for (int i = 0; i < n; i++) { } return n * n; }
        }
        """;

    [Fact]
    public void HotLoops_WithoutAttribute_AreFound()
    {
        string[] found = [.. HotLoops.FindUnmarked(new SourceFile("Dot.cs", Source))];

        Assert.Equal(2, found.Length);
        Assert.StartsWith("Dot.cs:16: private static float Unmarked(", found[0], StringComparison.Ordinal);
        Assert.StartsWith("Dot.cs:24: internal static void AlsoUnmarked<T>(", found[1], StringComparison.Ordinal);
    }
}
