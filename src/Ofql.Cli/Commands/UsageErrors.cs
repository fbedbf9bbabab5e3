using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Ofql.Cli.Commands;

/// <summary>Says what is wrong with a command line and names the nearest thing there is.</summary>
internal static class UsageErrors
{
    /// <summary>What help does not excuse: an option that the help would not show.</summary>
    /// <exception cref="UsageException">There is one.</exception>
    public static void ThrowForUnknownOptions(ParseResult parsed)
    {
        if (StrayTokens(parsed).FirstOrDefault(IsOption) is { } token)
            throw UnknownOption(token, PathOf(parsed.CommandResult), parsed.CommandResult);
    }

    /// <exception cref="UsageException">The command line was not understood.</exception>
    public static void Throw(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = PathOf(parsed.CommandResult);
        RequireValues(parsed.CommandResult, path);
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
        if (parsed.Errors.Count > 0 && (command.Subcommands.Count == 0 || command.Action is not null))
            throw new UsageException($"{string.Join(' ', parsed.Errors.Select(Message))} See: {path} --help");
    }

    // An option without its value swallows the option behind it, and what is left over would be blamed.
    private static void RequireValues(CommandResult result, string path)
    {
        var names = result.Command.Options.SelectMany(option => option.Aliases.Append(option.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var option in result.Children.OfType<OptionResult>().Where(option => option.IdentifierToken is not null))
        {
            if (option.Tokens.FirstOrDefault(token => names.Contains(token.Value)) is { } swallowed)
                throw new UsageException($"{option.IdentifierToken!.Value} needs a value: {Expected(option.Option)}; found the option {swallowed.Value}. See: {path} --help");
        }
    }

    // The parser speaks of types ("System.Nullable`1[System.Int64]"); people think of numbers and files.
    private static string Message(ParseError error)
    {
        if (error.SymbolResult is not OptionResult { IdentifierToken: not null } result)
            return error.Message;
        var (expected, values) = (Expected(result.Option), result.Tokens.Select(token => token.Value).ToList());
        return values.Count switch
        {
            0 => $"{result.IdentifierToken.Value} needs a value: {expected}.",
            1 => $"{result.IdentifierToken.Value} is '{values[0]}'; expected {expected}.",
            _ => $"{result.IdentifierToken.Value} is given {values.Count} times ({string.Join(", ", values)}); expected it once.",
        };
    }

    private static string Expected(Option option)
    {
        var type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        return type == typeof(int) ? FormattableString.Invariant($"a whole number of at most {int.MaxValue}")
            : type == typeof(long) ? "a whole number"
            : type == typeof(ulong) ? FormattableString.Invariant($"a whole number from 0 to {ulong.MaxValue}")
            : type == typeof(float) || type == typeof(double) ? "a number such as 0.5"
            : $"<{option.HelpName}>";
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
