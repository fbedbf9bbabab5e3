using Ofql.Agents;
using Xunit;

namespace Ofql.Tests;

/// <summary>Tests that measure allocations of the whole process or waiting times run when no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>Bytes that an action allocates once it is warm.</summary>
internal static class Allocations
{
    private const int Rounds = 5;

    /// <summary>
    /// On this thread, and in the whole process, over <paramref name="repeats"/> calls after some to warm up. The least of some
    /// rounds: what the calls themselves allocate is in every round, what the runtime does beside them is not.
    /// </summary>
    public static (long Thread, long Process) Of(int repeats, Action action)
    {
        for (var i = 0; i < 50; i++)
            action();
        var least = Round(repeats, action);
        for (var round = 1; round < Rounds && least != (0, 0); round++)
        {
            var (thread, process) = Round(repeats, action);
            least = (Math.Min(least.Thread, thread), Math.Min(least.Process, process));
        }

        return least;
    }

    /// <summary>An update of an agent, its metrics read after it, allocates nothing once it is warm.</summary>
    public static void NoneInAnUpdate(IAgent agent)
    {
        var metrics = new float[agent.MetricNames.Count];
        var (thread, process) = Of(200, () =>
        {
            agent.Update();
            agent.ReadMetrics(metrics);
        });
        Assert.Equal(0, thread);
        Assert.True(process < 4096, $"{process} bytes in 200 updates.");
    }

    private static (long Thread, long Process) Round(int repeats, Action action)
    {
        var process = GC.GetTotalAllocatedBytes(precise: true);
        var thread = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < repeats; i++)
            action();
        thread = GC.GetAllocatedBytesForCurrentThread() - thread;
        return (thread, GC.GetTotalAllocatedBytes(precise: true) - process);
    }
}
