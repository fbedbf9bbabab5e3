namespace Ofql.Training;

/// <summary>How transitions are collected and how often the agent learns from them.</summary>
public sealed record OnlineOptions
{
    /// <summary>First steps, in which nothing is learned: 1000 in rlkit.</summary>
    public long StartSteps { get; init; } = 1000;

    /// <summary>The actions of the first steps are drawn uniformly; otherwise the agent, which has learned before, acts in them too.</summary>
    public bool UniformStart { get; init; } = true;

    /// <summary>Candidates N that an action is chosen from by the critics; 1 acts by the sample itself.</summary>
    public int Candidates { get; init; } = 1;

    /// <summary>
    /// Standard deviation of the Gaussian noise on the actions of a policy that has none of its own, in half ranges of the action: 0.1 in
    /// TD3 (arXiv 1802.09477, and the authors' code).
    /// </summary>
    public double ExplorationNoise { get; init; } = 0.1;

    /// <summary>Steps collected in a row before the updates that belong to them: 1, or 1000 in rlkit.</summary>
    public int RoundSteps { get; init; } = 1;

    /// <summary>Updates per step collected.</summary>
    public int UpdatesPerStep { get; init; } = 1;

    /// <summary>Seed of start states, uniform actions and exploration.</summary>
    public ulong Seed { get; init; }

    /// <summary>Updates that a run of so many environment steps comes to: those of its whole rounds after the first steps.</summary>
    public long UpdatesOf(long steps) => Math.Max(0, steps - StartSteps) / RoundSteps * RoundSteps * UpdatesPerStep;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="UsageException">A count out of range.</exception>
    public void Validate()
    {
        if (StartSteps < 0)
            throw new UsageException($"online.start_steps is {StartSteps}; expected 0 or more.");
        if (RoundSteps < 1)
            throw new UsageException($"online.round_steps is {RoundSteps}; expected 1 or more.");
        if (UpdatesPerStep < 1)
            throw new UsageException($"online.updates_per_step is {UpdatesPerStep}; expected 1 or more.");
        if (Candidates < 1)
            throw new UsageException($"online.candidates is {Candidates}; expected 1 or more.");
        if (!(ExplorationNoise >= 0 && double.IsFinite(ExplorationNoise)))
            throw new UsageException(FormattableString.Invariant($"online.exploration_noise is {ExplorationNoise}; expected 0 or more."));
    }
}
