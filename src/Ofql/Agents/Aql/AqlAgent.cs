namespace Ofql.Agents.Aql;

/// <summary>
/// Adaptive Q-learning (Sinclair, Banerjee and Yu, arXiv 1910.08151): one tree for every step of an episode, greedy in its optimistic Q. Steps
/// beyond the horizon use the last tree.
/// </summary>
public sealed class AqlAgent : AdaptiveQAgent
{
    private readonly int _horizon;

    /// <summary>Builds the agent for recorded transitions, collected ones or both.</summary>
    /// <exception cref="UsageException">States and actions of too many numbers, or fewer nodes than trees.</exception>
    public AqlAgent(AqlSettings settings, AgentContext context)
        : base(settings, context, settings.Horizon) => _horizon = settings.Horizon;

    private protected override AdaptiveQFormat Format => AqlFactory.Format;

    private protected override int TreeOf(int step) => Math.Min(step, _horizon - 1);

    private protected override int NextTreeOf(int step) => step + 1 < _horizon ? step + 1 : -1;
}
