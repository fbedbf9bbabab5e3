using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ofql.Cli.Commands;

/// <summary>All commands, and how a command line becomes one of them or a usage error.</summary>
internal static class CommandTree
{
    /// <summary>Parses and runs.</summary>
    /// <exception cref="UsageException">The command line is not understood.</exception>
    public static int Invoke(IReadOnlyList<string> arguments, CommandContext context)
    {
        var root = Build(context);
        var parsed = root.Parse(arguments);
        var asksForFacts = root.Options.Any(option => option is HelpOption or { Action: VersionAction } && parsed.GetResult(option) is { Implicit: false });
        if (asksForFacts)
            UsageErrors.ThrowForUnknownOptions(parsed);
        else
            UsageErrors.Throw(parsed);
        return parsed.Invoke(new InvocationConfiguration
        {
            Output = context.Out,
            Error = context.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    private static Command Build(CommandContext context)
    {
        var root = new Command("ofql", "Offline reinforcement learning: One-Step Flow Q-Learning and its field, in .NET.");
        var help = new HelpOption();
        help.Action = new ExampleHelp((HelpAction)help.Action!, isGroup: false);
        root.Add(help);
        root.Add(new Option<bool>("--version") { Description = "Show the version", Action = new VersionAction() });
        root.Add(new Option<bool>("--debug") { Description = "Show the stack trace of an error", Recursive = true });
        var group = new Command("data", "Look into datasets, fetch, convert and generate them.")
        {
            DataInspectCommand.Build(context), DataFetchCommand.Build(context), DataConvertCommand.Build(context), DataGenerateCommand.Build(context),
            DataBehavioursCommand.Build(context),
        };
        var reproduce = new Command("reproduce", "Run an experiment of the paper.") { ReproduceToyCommand.Build(context), ReproduceSpeedCommand.Build(context) };
        foreach (var command in (Command[])
            [
                TrainCommand.Build(context), EvaluateCommand.Build(context), ActCommand.Build(context), group,
                ExportCommand.Build(context), ListCommand.Build(context), DoctorCommand.Build(context), BenchCommand.Build(context),
                reproduce,
            ])
        {
            root.Add(command);
        }

        foreach (var parent in (Command[])[root, group, reproduce])
            parent.Action = new ExampleHelp(new HelpAction(), isGroup: parent != root);
        root.WithExamples("ofql train maze2d-umaze-v1", "ofql doctor", "ofql list tasks", "ofql train --help");
        group.WithExamples("ofql data inspect logs.hdf5", "ofql data fetch hopper-medium-v2", "ofql data convert logs.npz logs.safetensors", "ofql data generate maze2d-umaze-v1 --rows 100000");
        reproduce.WithExamples("ofql reproduce toy", "ofql reproduce speed");
        return root;
    }

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var version = typeof(CommandTree).Assembly.GetName().Version!.ToString(3);
            parseResult.InvocationConfiguration.Output.WriteLine(version);
            return 0;
        }
    }
}
