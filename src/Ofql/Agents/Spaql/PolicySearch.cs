namespace Ofql.Agents.Spaql;

/// <summary>What follows from a trial.</summary>
internal enum SearchStep
{
    /// <summary>Learn on.</summary>
    Continue,

    /// <summary>The policy is the best so far: keep a copy.</summary>
    Keep,

    /// <summary>Go back to the best copy.</summary>
    Return,
}

/// <summary>
/// The outer loop of single-partition adaptive Q-learning (arXiv 2007.06741). A policy at least as good as the best becomes the
/// best; the temperature falls to its lowest and u becomes u^d. Otherwise, from the first episode on that split a cell since the best was
/// kept, the temperature grows by the factor u per episode; with the second such episode the search goes back to the best and begins anew.
/// </summary>
internal sealed class PolicySearch(SpaqlSettings settings)
{
    private long _trials;
    private long _splits;
    private long _cells;

    /// <summary>tau.</summary>
    public double Temperature { get; private set; } = settings.Temperature;

    /// <summary>u.</summary>
    public double Factor { get; private set; } = settings.TemperatureFactor;

    /// <summary>Mean return of the best policy's trial; 0 before the first.</summary>
    public double BestReturn { get; private set; }

    /// <summary>Mean return of the last trial; 0 before the first.</summary>
    public double LastReturn { get; private set; }

    /// <summary>Whether a best copy was ever kept.</summary>
    public bool HasBest => _trials > 0;

    /// <summary>Takes in a trial of the policy whose partition has so many cells.</summary>
    public SearchStep Next(double meanReturn, int cells)
    {
        var first = _trials++ == 0;
        var split = cells != _cells;
        _cells = cells;
        LastReturn = meanReturn;
        if (first || meanReturn >= BestReturn)
        {
            BestReturn = meanReturn;
            (Temperature, _splits) = (settings.Temperature, 0);
            // The first trial is that of the policy before any learning: no improvement yet.
            Factor = first ? Factor : Math.Pow(Factor, settings.FactorDecay);
            return SearchStep.Keep;
        }

        _splits += split ? 1 : 0;
        if (_splits > 1)
        {
            (Temperature, _splits) = (settings.Temperature, 0);
            return SearchStep.Return;
        }

        if (_splits == 1 && Temperature < settings.TemperatureLimit)
            Temperature *= Factor;
        return SearchStep.Continue;
    }

    /// <summary>The search has gone back to a partition of so many cells.</summary>
    public void Returned(int cells) => _cells = cells;

    /// <summary>Where it stands.</summary>
    public void AddTo(AgentState state) => state
        .Add("search/trials", () => _trials, value => _trials = value)
        .Add("search/splits", () => _splits, value => _splits = value)
        .Add("search/cells", () => _cells, value => _cells = value)
        .Add("search/temperature", () => Temperature, value => Temperature = value)
        .Add("search/factor", () => Factor, value => Factor = value)
        .Add("search/best_return", () => BestReturn, value => BestReturn = value)
        .Add("search/last_return", () => LastReturn, value => LastReturn = value);
}
