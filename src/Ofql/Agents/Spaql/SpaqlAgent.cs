using Ofql.Partitions;

namespace Ofql.Agents.Spaql;

/// <summary>
/// Single-partition adaptive Q-learning (Araujo, Figueiredo and Botto, arXiv 2007.06741): one tree for all steps, so that the policy does not
/// depend on time. While it collects it acts by a Boltzmann distribution over cells, whose temperature the trials of <see cref="PolicySearch"/>
/// set, and its policy is that of the best trial. On recorded data, or with no trials, it only learns, and its policy is that of the newest tree.
/// </summary>
public sealed class SpaqlAgent : AdaptiveQAgent, ITrialAgent
{
    private readonly SpaqlSettings _settings;
    private readonly PolicySearch _search;
    private readonly AdaptivePartition _best;

    /// <summary>Builds the agent for recorded transitions, collected ones or both.</summary>
    /// <exception cref="UsageException">States and actions of too many numbers.</exception>
    public SpaqlAgent(SpaqlSettings settings, AgentContext context)
        : base(settings, context, trees: 1)
    {
        _settings = settings;
        _search = new PolicySearch(settings);
        _best = NewPartition(1);
        MetricNames = [.. base.MetricNames, "search/temperature", "search/trial_return", "search/best_return", "search/best_cells"];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> MetricNames { get; }

    /// <inheritdoc/>
    public int TrialEpisodes => _settings.Trials;

    internal PolicySearch Search => _search;

    internal override AdaptivePartition Policy => _search.HasBest ? _best : Partition;

    private protected override AdaptiveQFormat Format => SpaqlFactory.Format;

    /// <inheritdoc/>
    public IActor CreateExplorer(int candidates) => new AdaptiveQActor(Partition, Cube, noiseScale: 1, capacity: 1, () => _search.Temperature);

    /// <inheritdoc/>
    public IActor CreateTrialActor() => new AdaptiveQActor(Partition, Cube, noiseScale: 1, capacity: 1);

    /// <inheritdoc/>
    public void EndTrial(double meanReturn)
    {
        switch (_search.Next(meanReturn, Partition.Cells))
        {
            case SearchStep.Keep:
                _best.CopyFrom(Partition);
                break;
            case SearchStep.Return:
                Partition.CopyFrom(_best);
                _search.Returned(Partition.Cells);
                break;
        }
    }

    /// <inheritdoc/>
    public override void ReadMetrics(Span<float> values)
    {
        base.ReadMetrics(values);
        values[^4] = (float)_search.Temperature;
        values[^3] = (float)_search.LastReturn;
        values[^2] = (float)_search.BestReturn;
        values[^1] = _best.Cells;
    }

    private protected override int TreeOf(int step) => 0;

    private protected override int NextTreeOf(int step) => 0;

    private protected override AgentState CollectState(AgentState state)
    {
        base.CollectState(state).Add("best_partition", _best);
        _search.AddTo(state);
        return state;
    }
}
