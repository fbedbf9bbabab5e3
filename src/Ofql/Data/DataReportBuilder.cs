using System.Runtime.InteropServices;

namespace Ofql.Data;

/// <summary>The pass over the data behind <see cref="DataReport"/>.</summary>
internal sealed class DataReportBuilder
{
    private const int MostDistinctRewards = 16;
    private const long RowsBetweenCancellationChecks = 65536;

    private readonly TransitionDataset _dataset;
    private readonly ColumnAccumulator[] _observations;
    private readonly ColumnAccumulator[] _actions;
    private readonly ColumnAccumulator[] _rewards = [default];
    private readonly ColumnAccumulator[] _nextObservations;
    private readonly SortedSet<float> _distinctRewards = [];
    private readonly List<double> _returns = [];
    private readonly List<double> _lengths = [];
    private readonly DuplicateCount _duplicates;
    private RowFinding _outOfRange;
    private RowFinding _notFinite;
    private RowFinding _discontinuities;
    private long _zeroRewards;
    private long _terminated;
    private long _truncated;
    private double _return;
    private long _length;

    public DataReportBuilder(TransitionDataset dataset)
    {
        _dataset = dataset;
        _observations = new ColumnAccumulator[dataset.StateSize];
        _nextObservations = new ColumnAccumulator[dataset.StateSize];
        _actions = new ColumnAccumulator[dataset.ActionSize];
        _duplicates = new DuplicateCount(dataset.Count);
    }

    public DataReport Build(Func<double, double>? normalizedScore, CancellationToken cancellation)
    {
        for (long row = 0; row < _dataset.Count; row++)
        {
            if (row % RowsBetweenCancellationChecks == 0)
                cancellation.ThrowIfCancellationRequested();
            Read(row);
        }

        var cut = _length > 0 ? 1 : 0;
        if (cut > 0)
            EndEpisode();
        var returns = DistributionSummary.OfSorting(CollectionsMarshal.AsSpan(_returns));
        return new DataReport
        {
            Rows = _dataset.Count,
            StateSize = _dataset.StateSize,
            ActionSize = _dataset.ActionSize,
            Episodes = new EpisodeSummary(
                _terminated, _truncated, cut, returns, DistributionSummary.OfSorting(CollectionsMarshal.AsSpan(_lengths))),
            Rewards = new RewardSummary(
                _rewards[0].Summarize("rewards", _dataset.Count),
                _zeroRewards,
                _distinctRewards.Count > MostDistinctRewards ? null : [.. _distinctRewards]),
            Observations = Summarize("observations", _observations, _dataset.ObservationParts),
            Actions = Summarize("actions", _actions, _dataset.ActionParts),
            NextObservations = Summarize("next_observations", _nextObservations, _dataset.ObservationParts),
            ActionsOutOfRange = _outOfRange,
            NotFinite = _notFinite,
            Discontinuities = _discontinuities,
            Duplicates = _duplicates.Total(),
            DuplicatesAreEstimated = _duplicates.IsEstimate,
            NormalizedMeanReturn = normalizedScore?.Invoke(returns.Mean),
        };
    }

    private void Read(long row)
    {
        var observation = _dataset.Observations[row];
        var action = _dataset.Actions[row];
        var reward = _dataset.Rewards[row];
        var next = _dataset.NextObservations[row];
        var terminated = _dataset.Terminated[row][0] != 0;
        var truncated = _dataset.Truncated[row][0] != 0;
        if (!(Add(_observations, observation, row) & Add(_actions, action, row)
            & Add(_rewards, reward, row) & Add(_nextObservations, next, row)))
        {
            _notFinite = _notFinite.Plus(row);
        }

        if (IsOutOfRange(action))
            _outOfRange = _outOfRange.Plus(row);
        _duplicates.Add(Hash(observation, action, reward, next, (terminated ? 1UL : 0) + (truncated ? 2UL : 0)));
        ReadReward(reward[0]);
        _length++;
        if (terminated || truncated)
        {
            _terminated += terminated ? 1 : 0;
            _truncated += terminated ? 0 : 1;
            EndEpisode();
        }
        else if (row + 1 < _dataset.Count && !next.SequenceEqual(_dataset.Observations[row + 1]))
        {
            _discontinuities = _discontinuities.Plus(row);
        }
    }

    private static bool Add(ColumnAccumulator[] columns, ReadOnlySpan<float> values, long row)
    {
        var finite = true;
        for (var i = 0; i < columns.Length; i++)
            finite &= columns[i].Add(values[i], row);
        return finite;
    }

    private void ReadReward(float reward)
    {
        _return += reward;
        if (reward == 0)
            _zeroRewards++;
        if (_distinctRewards.Count <= MostDistinctRewards)
            _distinctRewards.Add(reward);
    }

    private void EndEpisode()
    {
        _returns.Add(_return);
        _lengths.Add(_length);
        _return = 0;
        _length = 0;
    }

    private static ColumnSummary[] Summarize(string name, ColumnAccumulator[] columns, IReadOnlyList<string> parts)
    {
        var summaries = new ColumnSummary[columns.Length];
        for (var i = 0; i < columns.Length; i++)
            summaries[i] = columns[i].Summarize($"{name}[{i}]", columns[i].Rows) with { Part = parts.Count > 0 ? parts[i] : null };
        return summaries;
    }

    // NaN lies nowhere, and is counted as such.
    private static bool IsOutOfRange(ReadOnlySpan<float> action)
    {
        foreach (var value in action)
        {
            if (value is < -1f or > 1f)
                return true;
        }

        return false;
    }

    private static ulong Hash(
        ReadOnlySpan<float> observation, ReadOnlySpan<float> action, ReadOnlySpan<float> reward, ReadOnlySpan<float> next, ulong flags)
    {
        var hash = Mix(flags, observation);
        hash = Mix(hash, action);
        hash = Mix(hash, reward);
        return Mix(hash, next);
    }

    // Multiply, fold: every bit of a row reaches every bit of the hash (the finaliser of SplitMix64, once per number).
    private static ulong Mix(ulong hash, ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            hash = (hash ^ BitConverter.SingleToUInt32Bits(value)) * 0xBF58476D1CE4E5B9UL;
            hash ^= hash >> 29;
        }

        return hash * 0x94D049BB133111EBUL;
    }

    /// <summary>Running figures of one component.</summary>
    private struct ColumnAccumulator
    {
        private double _shift;
        private double _sum;
        private double _sumOfSquares;
        private float _minimum;
        private float _maximum;
        private long _finite;
        private long _nans;
        private long _infinities;
        private long _firstNotFinite;

        public readonly long Rows => _finite + _nans + _infinities;

        /// <summary>Takes a value; whether it is finite.</summary>
        public bool Add(float value, long row)
        {
            if (!float.IsFinite(value))
            {
                AddNotFinite(value, row);
                return false;
            }

            if (_finite == 0)
            {
                // Sums around the first value: a variance far smaller than the mean would otherwise be lost in the squares.
                _shift = value;
                (_minimum, _maximum) = (value, value);
            }

            var difference = value - _shift;
            _sum += difference;
            _sumOfSquares += difference * difference;
            _minimum = Math.Min(_minimum, value);
            _maximum = Math.Max(_maximum, value);
            _finite++;
            return true;
        }

        public readonly ColumnSummary Summarize(string name, long rows)
        {
            var bad = rows > _finite ? _firstNotFinite : (long?)null;
            if (_finite == 0)
                return new ColumnSummary(name, double.NaN, double.NaN, double.NaN, double.NaN, _nans, _infinities, bad);
            var mean = _sum / _finite;
            var variance = Math.Max(0, (_sumOfSquares / _finite) - (mean * mean));
            return new ColumnSummary(name, _minimum, _maximum, _shift + mean, Math.Sqrt(variance), _nans, _infinities, bad);
        }

        private void AddNotFinite(float value, long row)
        {
            if (_nans + _infinities == 0)
                _firstNotFinite = row;
            if (float.IsNaN(value))
                _nans++;
            else
                _infinities++;
        }
    }
}
