using System.Diagnostics;
using Ofql.Agents;
using Ofql.Data;
using Ofql.Kernels.Randomness;

namespace Ofql.Cli.Bench;

/// <summary>Rate of whole batches of actions, one sample per state; every thread acts on its share of the states with an actor of its own.</summary>
internal sealed class ActBatchMeter : IDisposable
{
    private const double WarmUpSeconds = 0.3;
    private readonly int _rows;
    private readonly List<Share> _shares = [];

    /// <param name="createActor">Makes an actor for a number of states.</param>
    /// <param name="data">Where states come from.</param>
    /// <param name="rows">States of a batch.</param>
    /// <param name="threads">Threads, at most one per state.</param>
    public ActBatchMeter(Func<int, IActor> createActor, TransitionDataset data, int rows, int threads)
    {
        _rows = rows;
        threads = Math.Min(threads, rows);
        for (var part = 0; part < threads; part++)
        {
            var (first, end) = ((int)((long)rows * part / threads), (int)((long)rows * (part + 1) / threads));
            _shares.Add(new Share(createActor(end - first), data, first));
        }

        Rate(WarmUpSeconds);
    }

    /// <summary>Batches per second over about <paramref name="seconds"/>: the sum of what the threads do side by side.</summary>
    public double Rate(double seconds) => SideBySide.Sum(_shares.Count, part => _shares[part].Rate(seconds)) / _rows;

    /// <summary>Managed bytes per call of the first thread's actor.</summary>
    public double AllocatedBytes()
    {
        const int Calls = 10;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Calls; i++)
            _shares[0].Act();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Calls;
    }

    public void Dispose() => _shares.ForEach(share => share.Actor.Dispose());

    private sealed class Share
    {
        private readonly float[] _states;
        private readonly float[] _noise;
        private readonly float[] _uniforms;
        private readonly float[] _actions;

        public Share(IActor actor, TransitionDataset data, int first)
        {
            Actor = actor;
            var rows = actor.Capacity;
            (_states, _actions) = (new float[rows * actor.StateSize], new float[rows * actor.ActionSize]);
            (_noise, _uniforms) = (new float[rows * actor.NoisePerState], new float[rows]);
            for (var row = 0; row < rows; row++)
                data.Observations[(first + row) % data.Count].CopyTo(_states.AsSpan(row * actor.StateSize));
            Noise.FillNormal(new RandomStream((ulong)first, "bench acting"), _noise);
        }

        public IActor Actor { get; }

        public void Act() => Actor.Act(Actor.Capacity, _states, _noise, _uniforms, _actions);

        /// <summary>Actions per second.</summary>
        public double Rate(double seconds)
        {
            var calls = 0L;
            var start = Stopwatch.GetTimestamp();
            double elapsed;
            do
            {
                Act();
                calls++;
                elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
            while (elapsed < seconds);
            return calls * Actor.Capacity / elapsed;
        }
    }
}
