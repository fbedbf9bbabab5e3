using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;

namespace Ofql.Cli.Commands;

/// <summary>Help that ends with examples; also what a group of commands does when none of them is named.</summary>
internal sealed class ExampleHelp(HelpAction inner, bool isGroup) : SynchronousCommandLineAction
{
    private static readonly ConditionalWeakTable<Command, string[]> Examples = [];

    public static void Attach(Command command, string[] examples) => Examples.AddOrUpdate(command, examples);

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        inner.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (Examples.TryGetValue(parseResult.CommandResult.Command, out var examples))
        {
            output.WriteLine("Examples:");
            foreach (var example in examples)
                output.WriteLine($"  {example}");
            output.WriteLine();
        }

        return isGroup ? 2 : 0;
    }
}

/// <summary>Says examples where a command is built.</summary>
internal static class CommandExamples
{
    public static Command WithExamples(this Command command, params string[] examples)
    {
        ExampleHelp.Attach(command, examples);
        return command;
    }
}
