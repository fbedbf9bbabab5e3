using Ofql.Cli.Composition;
using Ofql.Cli.Configuration;
using Ofql.Environments;
using Ofql.Formats.Datasets;
using Ofql.Tests.Shared;

namespace Ofql.Cli.Tests;

/// <summary>Runs the program in this process, in a folder of its own, with a small learner and real environments.</summary>
internal sealed class CliFixture : IDisposable
{
    public CliFixture()
    {
        Folder = Directory.CreateTempSubdirectory("ofql-cli-").FullName;
        using var data = SmallData.Make();
        DatasetFile.Save(data, this["pendulum-data.safetensors"]);
        Agents = new LinearAgentFactory();
    }

    public string Folder { get; }

    public LinearAgentFactory Agents { get; }

    public string Runs => this["runs"];

    public string Data => this["pendulum-data.safetensors"];

    /// <summary>Options of a short run.</summary>
    public string[] Short =>
    [
        "--data", Data, "--agent", "linear", "--runs", Runs, "--updates", "40", "--set", "training.log_every=8", "--set", "training.checkpoint_every=10",
        "--set", "training.evaluate_every=20", "--set", "evaluation.episodes=2", "--set", "evaluation.candidates=3", "--threads", "1",
    ];

    public string this[string name] => Path.Combine(Folder, name);

    public Catalog Catalog => new()
    {
        Agents = [Agents],
        Environments = EnvironmentCatalog.BuiltIn,
        Generators = DatasetGenerator.BuiltIn,
        Presets = new PresetCatalog([new Preset("small", () => "preset:\n  title: a small task\nenvironment: pendulum-v1\nagent:\n  name: linear\n  learning_rate: 0.02\ntraining:\n  updates: 123\n")]),
    };

    public (int Code, string Out, string Error) Run(params string[] arguments) => RunWith(arguments, "", CancellationToken.None);

    public (int Code, string Out, string Error) RunWith(string[] arguments, string input, CancellationToken cancellation) =>
        RunWith(arguments, new StringReader(input), cancellation);

    public (int Code, string Out, string Error) RunWith(string[] arguments, TextReader input, CancellationToken cancellation) =>
        RunWith(arguments, input, Catalog, cancellation);

    public static (int Code, string Out, string Error) RunWith(string[] arguments, TextReader input, Catalog catalog, CancellationToken cancellation)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = Program.Run(arguments, new CommandContext
        {
            Out = TextWriter.Synchronized(output),
            Error = TextWriter.Synchronized(error),
            Input = input,
            Catalog = catalog,
            Cancellation = cancellation,
        });
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>The state files of a run that are functions of seed and data alone.</summary>
    public Dictionary<string, byte[]> Bytes(string run)
    {
        string[] names = ["metrics.csv", "metrics.jsonl", "evaluations.csv", "evaluations.json", "policy.safetensors", "checkpoints/step-000000040.safetensors"];
        return names.ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(Runs, run, name)));
    }

    /// <summary>The metrics of a run.</summary>
    public byte[] Metrics(string run) => File.ReadAllBytes(Path.Combine(Runs, run, "metrics.csv"));

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
