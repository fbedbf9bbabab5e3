using System.Globalization;
using Ofql.Agents;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Kernels.Randomness;

namespace Ofql.Evaluation;

/// <summary>Rows in a row that one policy collects.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Policy">Makes its actor (one state a call, sampling); null: actions uniform within the bounds. Disposed of at the end.</param>
public sealed record CollectionStretch(long Rows, Func<IActor>? Policy)
{
    /// <summary>
    /// Drop the rows after the last complete episode, and begin the next stretch with a new one. Otherwise an episode goes on
    /// under the next stretch's policy, as it does while an agent learns.
    /// </summary>
    public bool WholeEpisodes { get; init; }
}

/// <summary>
/// Rolls policies out as D4RL's collection scripts do: one episode after the other, one row per step, the true end and the cut by
/// the step limit marked apart. A row that is both is marked terminal.
/// </summary>
/// <remarks>
/// Besides the raw columns: <c>infos/action_log_probs</c> where every policy has a density, and <c>infos/qpos</c>, <c>infos/qvel</c>
/// of the state before the action where the environment is an <see cref="IMechanicalSystem"/>.
/// </remarks>
public sealed class TrajectoryCollector
{
    private const long RowsBetweenLooks = 1024;

    private readonly IEnvironment _environment;
    private readonly RandomStream _starts;
    private readonly RandomStream _randomActions;
    private readonly RandomStream _exploration;
    private readonly RandomStream _choices;
    private readonly float[] _observation;
    private readonly float[] _next;
    private readonly float[] _action;
    private readonly float[] _uniform = new float[1];
    private readonly Column<float> _observations;
    private readonly Column<float> _actions;
    private readonly Column<float> _rewards;
    private readonly Column<byte> _terminals;
    private readonly Column<byte> _timeouts;
    private readonly Column<float> _logProbabilities;
    private readonly Column<float>? _positions;
    private readonly Column<float>? _velocities;
    private bool _hasDensity = true;
    private long _rows;
    private int _length;

    private TrajectoryCollector(IEnvironment environment, long rows, RandomStream random)
    {
        _environment = environment;
        _starts = random.Split("starts");
        _randomActions = random.Split("random actions");
        _exploration = random.Split("exploration");
        _choices = random.Split("choices");
        var facts = environment.Specification;
        _observation = new float[facts.StateSize];
        _next = new float[facts.StateSize];
        _action = new float[facts.ActionSize];
        _observations = Column<float>.Allocate(rows, facts.StateSize);
        _actions = Column<float>.Allocate(rows, facts.ActionSize);
        _rewards = Column<float>.Allocate(rows, 1);
        _terminals = Column<byte>.Allocate(rows, 1);
        _timeouts = Column<byte>.Allocate(rows, 1);
        _logProbabilities = Column<float>.Allocate(rows, 1);
        if (environment is IMechanicalSystem mechanics)
        {
            _positions = Column<float>.Allocate(rows, mechanics.PositionCount);
            _velocities = Column<float>.Allocate(rows, mechanics.VelocityCount);
        }
    }

    /// <summary>Collects the stretches, one after the other.</summary>
    /// <param name="environment">Where; not disposed of.</param>
    /// <param name="stretches">Who and how long.</param>
    /// <param name="random">Start states, actions and noise are drawn from streams split from it.</param>
    /// <param name="metadata">What is known of the data.</param>
    /// <param name="arrays">Arrays of the data as a whole (<see cref="RawTrajectory.Arrays"/>).</param>
    /// <param name="progress">Told of the rows collected so far, every thousand or so.</param>
    /// <param name="cancellation">Stops the collection.</param>
    /// <exception cref="OfqlException">A policy does not fit the environment, or no stretch of whole episodes held one.</exception>
    public static RawTrajectory Collect(
        IEnvironment environment, IReadOnlyList<CollectionStretch> stretches, RandomStream random, IReadOnlyDictionary<string, string> metadata,
        IReadOnlyDictionary<string, (long[] Shape, float[] Values)>? arrays = null, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(stretches);
        ArgumentNullException.ThrowIfNull(random);
        var collector = new TrajectoryCollector(environment, stretches.Sum(stretch => stretch.Rows), random);
        try
        {
            collector.Reset();
            foreach (var stretch in stretches)
                collector.Run(stretch, progress, cancellation);
            return collector.Result(metadata, arrays ?? new Dictionary<string, (long[], float[])>(), random);
        }
        catch
        {
            collector.Free();
            throw;
        }
    }

    private void Free()
    {
        foreach (var column in (IDisposable?[])[_observations, _actions, _rewards, _terminals, _timeouts, _logProbabilities, _positions, _velocities])
            column?.Dispose();
    }

    private void Run(CollectionStretch stretch, IProgress<long>? progress, CancellationToken cancellation)
    {
        using var actor = stretch.Policy?.Invoke();
        if (actor is not null)
            RequireFit(actor);
        var noise = new float[actor?.NoisePerState ?? 0];
        var first = _rows;
        var lastEnd = first;
        for (var row = 0L; row < stretch.Rows; row++)
        {
            if (row % RowsBetweenLooks == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(_rows);
            }

            Act(actor, noise);
            if (Step())
                lastEnd = _rows;
        }

        if (!stretch.WholeEpisodes)
            return;
        if (lastEnd == first)
            throw new OfqlException($"{stretch.Rows} rows of {_environment.Specification.Name} do not hold one whole episode. Ask for more rows.");
        _rows = lastEnd;
        Reset();
    }

    private void Act(IActor? actor, float[] noise)
    {
        if (actor is null)
        {
            var bounds = _environment.Specification.Actions;
            for (var i = 0; i < _action.Length; i++)
                _action[i] = (float)_randomActions.NextUniform(bounds.Low[i], bounds.High[i]);
            // Uniform over [-1, 1]^A.
            _logProbabilities.Writable(_rows)[0] = (float)(-_action.Length * Math.Log(2));
            return;
        }

        Noise.FillNormal(_exploration, noise);
        Noise.FillUniform(_choices, _uniform);
        if (actor.Steps is [_, ..] steps)
            steps[0] = _length;
        actor.Act(1, _observation, noise, _uniform, _action);
        if (actor.LogProbabilities is [var density, ..])
            _logProbabilities.Writable(_rows)[0] = density;
        else
            _hasDensity = false;
    }

    // True where an episode ended.
    private bool Step()
    {
        _observation.CopyTo(_observations.Writable(_rows));
        _action.CopyTo(_actions.Writable(_rows));
        if (_positions is not null)
            ((IMechanicalSystem)_environment).ReadMechanics(_positions.Writable(_rows), _velocities!.Writable(_rows));
        var result = _environment.Step(_action, _next);
        _rewards.Writable(_rows)[0] = (float)result.Reward;
        _terminals.Writable(_rows)[0] = result.Terminated ? (byte)1 : (byte)0;
        _timeouts.Writable(_rows)[0] = result.Truncated && !result.Terminated ? (byte)1 : (byte)0;
        _rows++;
        _length++;
        _next.CopyTo(_observation, 0);
        if (result.Done)
            Reset();
        return result.Done;
    }

    private void Reset()
    {
        _environment.Reset(_starts, _observation);
        _length = 0;
    }

    private RawTrajectory Result(
        IReadOnlyDictionary<string, string> metadata, IReadOnlyDictionary<string, (long[] Shape, float[] Values)> arrays, RandomStream random)
    {
        var infos = new Dictionary<string, Column<float>>();
        if (_hasDensity)
            infos["infos/action_log_probs"] = Filled(_logProbabilities);
        else
            _logProbabilities.Dispose();
        if (_positions is not null)
        {
            infos["infos/qpos"] = Filled(_positions);
            infos["infos/qvel"] = Filled(_velocities!);
        }

        return new RawTrajectory
        {
            Observations = Filled(_observations),
            Actions = Filled(_actions),
            Rewards = Filled(_rewards),
            Terminals = Filled(_terminals),
            Timeouts = Filled(_timeouts),
            Infos = infos,
            Arrays = arrays,
            Metadata = new Dictionary<string, string>(metadata)
            {
                ["environment"] = _environment.Specification.Name,
                ["simulator"] = _environment.Simulator,
                ["random_key"] = random.Key.ToString("x16", CultureInfo.InvariantCulture),
            },
        };
    }

    // The rows in use, of the same memory.
    private unsafe Column<T> Filled<T>(Column<T> column)
        where T : unmanaged => column.Rows == _rows ? column : new Column<T>(column.Pointer, _rows, column.Width, column);

    private void RequireFit(IActor actor)
    {
        var facts = _environment.Specification;
        if (actor.StateSize != facts.StateSize || actor.ActionSize != facts.ActionSize)
        {
            throw new OfqlException(
                $"The policy takes {actor.StateSize} numbers and gives {actor.ActionSize}; {facts.Name} observes {facts.StateSize} and takes {facts.ActionSize}. "
                + "Collect with a policy of that environment.");
        }
    }
}
