using System.Runtime.ExceptionServices;

namespace Ofql.Graph.Execution;

/// <summary>
/// The threads that run a program together: the caller and <see cref="Threads"/> - 1 persistent workers. Workers spin while a
/// training loop keeps them busy and sleep after a while without work. One program at a time. An exception of one thread (an input that cannot
/// be filled) ends the run for all and is thrown to the caller; the team can be used again.
/// </summary>
public sealed class WorkerTeam : IDisposable
{
    private const int SpinsBeforeYield = 200;
    private const int SpinsBeforeSleep = 200_000;

    /// <summary>Spins of a team larger than the machine: whoever is waited for needs the processor of one who waits.</summary>
    private const int SpinsOfTooMany = 20;

    private readonly int _spinsBeforeYield;
    private readonly Thread[] _workers;
    private readonly SemaphoreSlim[] _wakers;
    private readonly int[] _asleep;
    private Program? _program;
    private volatile int _generation;
    private volatile int _arrived;
    private volatile int _barrierGeneration;
    private volatile int _finished;
    private volatile Exception? _failure;
    private volatile bool _stopped;

    /// <summary>Starts the workers.</summary>
    /// <param name="threads">Threads in all, 1 or more.</param>
    public WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _spinsBeforeYield = threads > Environment.ProcessorCount ? SpinsOfTooMany : SpinsBeforeYield;
        _workers = new Thread[threads - 1];
        _asleep = new int[threads];
        _wakers = Array.ConvertAll(_asleep, _ => new SemaphoreSlim(0));
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
        if (_stopped)
            return;
        _stopped = true;
        Wake();
        foreach (var worker in _workers)
            worker.Join();
        foreach (var waker in _wakers)
            waker.Dispose();
    }

    /// <summary>Runs all phases of a program on all threads; returns when all are done.</summary>
    /// <exception cref="ObjectDisposedException">The team, and so whoever it belongs to, has been disposed.</exception>
    internal void Run(Program program)
    {
        ObjectDisposedException.ThrowIf(_stopped, this);
        if (_workers.Length == 0)
        {
            program.RunMember(this, 0);
            return;
        }

        _program = program;
        Wake();
        RunMember(program, 0);
        for (var spins = 0; _finished != Threads; spins++)
            Pause(spins);
        _finished = 0;
        if (_failure is not { } failure)
            return;
        _failure = null;
        _arrived = 0;
        ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Waits until every thread has come here, or one has failed.</summary>
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
            if (_failure is not null)
                throw new AbandonedException();
            Pause(spins);
        }
    }

    // A worker that has decided to sleep says so first and looks at the generation again after that. Each has a semaphore of its own: a release meant
    // for one that is not up yet could otherwise be taken by another that goes to sleep again with it.
    private void Wake()
    {
        Interlocked.Increment(ref _generation);
        for (var member = 1; member < _asleep.Length; member++)
        {
            if (Volatile.Read(ref _asleep[member]) != 0 && Interlocked.Exchange(ref _asleep[member], 0) != 0)
                _wakers[member].Release();
        }
    }

    private void Pause(int spins)
    {
        if (spins < _spinsBeforeYield)
            Thread.SpinWait(8);
        else
            Thread.Yield();
    }

    // Whatever happens within, every member says that it has finished: nobody waits for one who has left.
    private void RunMember(Program program, int member)
    {
        try
        {
            program.RunMember(this, member);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }

        Interlocked.Increment(ref _finished);
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
                    if (spins > _spinsBeforeYield && (spins & 63) == 0)
                        Thread.Yield();
                    continue;
                }

                Interlocked.Exchange(ref _asleep[member], 1);
                // Woken between: the release is there, or about to be.
                if (_generation == seen || Interlocked.Exchange(ref _asleep[member], 0) == 0)
                    _wakers[member].Wait();
            }

            seen = _generation;
            if (_stopped)
                return;
            RunMember(_program!, member);
        }
    }

    /// <summary>A thread left a run that another one's failure has ended.</summary>
    private sealed class AbandonedException : Exception;
}
