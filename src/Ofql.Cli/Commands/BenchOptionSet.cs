using System.CommandLine;
using Ofql.Cli.Bench;

namespace Ofql.Cli.Commands;

/// <summary>The options of what measures updates: sizes, rounds, time, threads.</summary>
internal sealed class BenchOptionSet
{
    private static readonly BenchOptions Defaults = new();
    private readonly Option<int> _state = Size("--state", "Size of a state", Defaults.Shape.State);
    private readonly Option<int> _action = Size("--action", "Size of an action", Defaults.Shape.Action);
    private readonly Option<int> _batch = Size("--batch", "Transitions per update", Defaults.Shape.Batch);
    private readonly Option<int> _hidden = Size("--hidden", "Width of hidden layers", Defaults.Shape.Hidden);
    private readonly Option<int> _layers = Size("--layers", "Hidden layers", Defaults.Shape.Layers);
    private readonly Option<int> _embedding = Size("--embedding", "Size of each time embedding", Defaults.Shape.Embedding);
    private readonly Option<int> _rounds = Size("--rounds", "Rounds; results are medians over them", Defaults.Rounds);
    private readonly Option<double> _seconds = new("--seconds") { Description = "Time per measurement", HelpName = "number", DefaultValueFactory = _ => Defaults.Seconds };
    private readonly Option<int?> _threads = new("--threads") { Description = "Largest number of threads (default: all cores)", HelpName = "count" };

    /// <summary>A number of things as an option.</summary>
    public static Option<int> Size(string name, string description, int value) =>
        new(name) { Description = description, HelpName = "count", DefaultValueFactory = _ => value };

    /// <summary>A number of things within what a benchmark has room for.</summary>
    /// <exception cref="UsageException">Too few or too many.</exception>
    public static int Checked(string name, int value, int least)
    {
        const int Most = 1_000_000;
        return value >= least && value <= Most ? value : throw new UsageException($"{name} {value}: expected {least} to {Most}.");
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_threads, _seconds, _rounds, _hidden, _layers, _batch, _state, _action, _embedding])
            command.Add(option);
    }

    /// <exception cref="UsageException">Something that cannot be measured.</exception>
    public BenchOptions Read(ParseResult parsed) => new BenchOptions
    {
        Shape = new BenchShape
        {
            State = parsed.GetValue(_state),
            Action = parsed.GetValue(_action),
            Batch = parsed.GetValue(_batch),
            Hidden = parsed.GetValue(_hidden),
            Layers = parsed.GetValue(_layers),
            Embedding = parsed.GetValue(_embedding),
        },
        Rounds = parsed.GetValue(_rounds),
        Seconds = parsed.GetValue(_seconds),
        Threads = parsed.GetValue(_threads) ?? Defaults.Threads,
    }.Checked();
}
