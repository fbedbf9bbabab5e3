namespace Ofql.Agents;

/// <summary>
/// An agent that, while it collects, wants its policy of the moment tried out: once before the first update, and after every episode that
/// it has learned from. Where nobody tries it, as on recorded data, it only learns.
/// </summary>
public interface ITrialAgent : IAgent
{
    /// <summary>Episodes of one trial; 0 for none.</summary>
    int TrialEpisodes { get; }

    /// <summary>The policy to be tried, for one state a call, with the parameters as they are at the call.</summary>
    IActor CreateTrialActor();

    /// <summary>Told the mean undiscounted return of a trial.</summary>
    void EndTrial(double meanReturn);
}
