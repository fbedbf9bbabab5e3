namespace Ofql.Graph.Execution;

/// <summary>
/// The threads that run a program together: the caller and <see cref="Threads"/> - 1 persistent workers. Workers spin while a
/// training loop keeps them busy and sleep after a while without work. One program at a time.
/// </summary>
public sealed class WorkerTeam : IDisposable
{
    private const int SpinsBeforeYield = 200;
    private const int SpinsBeforeSleep = 200_000;

    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _sleepers = new(0);
    private Program? _program;
    private volatile int _generation;
    private volatile int _sleeping;
    private volatile int _arrived;
    private volatile int _barrierGeneration;
    private volatile bool _stopped;

    /// <summary>Starts the workers.</summary>
    /// <param name="threads">Threads in all, 1 or more.</param>
    public WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            var member = i + 1;
            _workers[i] = new Thread(() => Work(member)) { IsBackground = true, Name = $"Ofql worker {member}" };
            _workers[i].Start();
        }
    }

    /// <summary>Number of threads, the caller included.</summary>
    public int Threads { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped = true;
        Interlocked.Increment(ref _generation);
        if (_workers.Length > 0)
            _sleepers.Release(_workers.Length);
        foreach (var worker in _workers)
            worker.Join();
        _sleepers.Dispose();
    }

    /// <summary>Runs all phases of a program on all threads; returns when all are done.</summary>
    internal void Run(Program program)
    {
        if (_workers.Length == 0)
        {
            program.RunMember(this, 0);
            return;
        }

        _program = program;
        Interlocked.Increment(ref _generation);
        // A worker that has just decided to sleep counts itself first and looks at the generation again after that.
        if (_sleeping > 0)
            _sleepers.Release(_sleeping);
        program.RunMember(this, 0);
        Barrier();
    }

    /// <summary>Waits until every thread has come here.</summary>
    internal void Barrier()
    {
        if (_workers.Length == 0)
            return;
        var generation = _barrierGeneration;
        if (Interlocked.Increment(ref _arrived) == Threads)
        {
            _arrived = 0;
            Interlocked.Increment(ref _barrierGeneration);
            return;
        }

        for (var spins = 0; _barrierGeneration == generation; spins++)
        {
            if (spins < SpinsBeforeYield)
                Thread.SpinWait(8);
            else
                Thread.Yield();
        }
    }

    private void Work(int member)
    {
        var seen = 0;
        while (true)
        {
            for (var spins = 0; _generation == seen; spins++)
            {
                if (spins < SpinsBeforeSleep)
                {
                    Thread.SpinWait(8);
                    if (spins > SpinsBeforeYield && (spins & 63) == 0)
                        Thread.Yield();
                    continue;
                }

                Interlocked.Increment(ref _sleeping);
                if (_generation == seen)
                    _sleepers.Wait();
                Interlocked.Decrement(ref _sleeping);
            }

            seen = _generation;
            if (_stopped)
                return;
            _program!.RunMember(this, member);
            Barrier();
        }
    }
}
