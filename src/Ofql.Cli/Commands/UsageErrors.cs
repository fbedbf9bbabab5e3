using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Ofql.Cli.Commands;

/// <summary>Says what is wrong with a command line and names the nearest thing there is.</summary>
internal static class UsageErrors
{
    /// <exception cref="UsageException">The command line was not understood.</exception>
    public static void Throw(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = PathOf(parsed.CommandResult);
        foreach (var token in StrayTokens(parsed))
        {
            if (IsOption(token))
                throw UnknownOption(token, path, parsed.CommandResult);
            if (command.Subcommands.Count > 0)
            {
                var names = command.Subcommands.Select(sub => sub.Name).ToList();
                throw new UsageException(
                    $"There is no command '{path} {token}'.{NearestName.Question(token, names)} Known: {string.Join(", ", names)}. "
                    + $"See: {path} --help");
            }

            throw new UsageException($"'{path}' does not take '{token}'. See: {path} --help");
        }

        var missing = command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument)?.Tokens is not { Count: > 0 }).ToList();
        if (missing.Count > 0)
        {
            throw new UsageException(
                $"'{path}' needs {string.Join(" and ", missing.Select(argument => $"<{argument.Name}> ({argument.Description})"))}. See: {path} --help");
        }

        // A group that is named alone shows its help instead.
        if (parsed.Errors.Count > 0 && command.Subcommands.Count == 0)
            throw new UsageException($"{string.Join(' ', parsed.Errors.Select(error => error.Message))} See: {path} --help");
    }

    // The parser hands an unknown option to an argument that has room for it; a number with a minus sign belongs there.
    private static IEnumerable<string> StrayTokens(ParseResult parsed)
    {
        var taken = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .Select(token => token.Value).Where(IsOption);
        return taken.Concat(parsed.UnmatchedTokens);
    }

    private static bool IsOption(string token) =>
        token.Length > 1 && token[0] == '-' && !double.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static UsageException UnknownOption(string token, string path, CommandResult result)
    {
        var name = token.Split('=')[0];
        var options = new List<string>();
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is CommandResult command)
                options.AddRange(command.Command.Options.Where(option => at == result || option.Recursive).Select(option => option.Name));
        }

        return new UsageException(
            $"'{path}' has no option '{name}'.{NearestName.Question(name, options)} Its options: {string.Join(", ", options)}. "
            + $"See: {path} --help");
    }

    private static string PathOf(CommandResult result)
    {
        var names = new List<string>();
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is CommandResult command)
                names.Insert(0, command.Command.Name);
        }

        return string.Join(' ', names);
    }
}
