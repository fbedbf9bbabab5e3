using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ofql.Agents;
using Ofql.Cli.Runs;
using Ofql.Kernels.Randomness;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql act</c>.</summary>
internal static class ActCommand
{
    private const int LongestLine = 1 << 20;
    private static readonly char[] Separators = [' ', '\t', ',', ';', '[', ']'];

    public static Command Build(CommandContext context)
    {
        var policy = new Argument<string>("policy") { Description = "Policy file, or folder or name of a run" };
        var state = new Argument<string[]>("state") { Description = "Numbers of one state; without them states are read from standard input, one a line", Arity = ArgumentArity.ZeroOrMore };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the noise", HelpName = "number" };
        var runs = CommonOptions.Runs();
        var json = CommonOptions.Json();
        var command = new Command("act", "Ask a policy for an action: state in, action out.") { policy, state, seed, runs, json };
        var acting = new ActingOptionSet(command, candidates: 1, "Candidates N drawn per state", followsRun: false);
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) },
            parsed.GetValue(policy)!,
            parsed.GetValue(state) ?? [],
            acting.Read(parsed),
            parsed.GetValue(seed),
            parsed.GetValue(runs)!));
        return command.WithExamples(
            "ofql act policy.safetensors 0.98 -0.2 0.5",
            "ofql act policy.safetensors --noise-scale 0 < states.txt",
            "echo '1.0, 0.2, -0.5' | ofql act runs/first-try --json");
    }

    private static int Run(CommandContext context, string name, string[] state, ActingOptions options, ulong seed, string runs)
    {
        var source = new PolicySource(context.Catalog, runs);
        using var actor = source.ActorsOf(source.Open(name))(options, 1);
        var scribe = new Scribe(context, actor, new RandomStream(seed, "act"));
        if (state.Length > 0)
        {
            scribe.Act(string.Join(' ', state), "the command line");
            return 0;
        }

        var lines = new StateLines(context.Input);
        while (PatientReading.Wait(lines.Next, context.Cancellation) is { } line)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            // Who reads the actions may have seen enough: then there is nobody left to act for.
            if (context.OutputIsUnread())
                return Program.Unread;
            if (!string.IsNullOrWhiteSpace(line))
                scribe.Act(line, lines.Place);
        }

        return 0;
    }

    /// <summary>The lines of the input. A line without end, as from a device, must not fill the memory.</summary>
    private sealed class StateLines(TextReader input)
    {
        private bool _afterReturn;
        private int _number;

        /// <summary>Where the last line stood, for messages.</summary>
        public string Place => string.Create(CultureInfo.InvariantCulture, $"standard input, line {_number}");

        /// <summary>The next line; null at the end. It ends with CR LF, with LF, or with CR alone, which is what terminals send for Enter.</summary>
        public string? Next()
        {
            _number++;
            var line = new StringBuilder();
            for (var next = input.Read(); next >= 0; next = input.Read())
            {
                if (next == '\n' && _afterReturn)
                {
                    _afterReturn = false;
                    continue;
                }

                _afterReturn = next == '\r';
                if (next is '\r' or '\n')
                    return line.ToString();
                if (line.Length == LongestLine)
                    throw new UsageException($"{Place}: longer than {LongestLine} characters. Expected the numbers of one state.");
                line.Append((char)next);
            }

            return line.Length == 0 ? null : line.ToString();
        }
    }

    private sealed class Scribe(CommandContext context, IActor actor, RandomStream random)
    {
        private readonly float[] _noise = new float[actor.NoisePerState];
        private readonly float[] _uniforms = new float[1];
        private readonly float[] _action = new float[actor.ActionSize];
        private int _step;

        public void Act(string text, string where)
        {
            var state = Parse(text, where);
            foreach (ref var value in _noise.AsSpan())
                value = (float)random.NextNormal();
            _uniforms[0] = (random.NextUInt64() >> 40) * (1f / (1 << 24));
            // The states given are those of one episode, in order.
            if (actor.Steps is [_, ..] steps)
                steps[0] = _step++;
            actor.Act(1, state, _noise, _uniforms, _action);
            if (!_action.All(float.IsFinite))
                throw new OfqlException($"{where}: the policy has no finite action for this state. Its numbers are far from any that it learned from, or the policy is damaged.");
            if (context.Json)
                context.Out.WriteLine(new JsonObject { ["action"] = new JsonArray(_action.Select(value => (JsonNode)value).ToArray()) }.ToJsonString());
            else
                context.Out.WriteLine(string.Join(' ', _action.Select(value => value.ToString("R", CultureInfo.InvariantCulture))));
            context.Out.Flush();
        }

        private float[] Parse(string text, string where)
        {
            var words = text.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != actor.StateSize)
                throw new UsageException($"{where}: found {words.Length} numbers; this policy takes states of {actor.StateSize}.");
            return words.Select(word => float.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value)
                ? value
                : throw new UsageException($"{where}: '{word}' is not a finite number. Expected numbers such as 0.25, separated by spaces or commas.")).ToArray();
        }
    }
}
