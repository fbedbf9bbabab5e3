using Ofql.Agents;
using Ofql.Cli.Bench;

namespace Ofql.Cli.Runs;

/// <summary>
/// Half of the time before the first update is the runtime compiling the engine. While the command line, the configuration and the data
/// are read, a core that is idle lets it do so: it makes an agent of the wanted kind in a small size, updates it twice and throws it away.
/// Nothing of it reaches the run.
/// </summary>
internal static class WarmUp
{
    private const int Rows = 256;
    private const int StateSize = 17;
    private const int ActionSize = 6;
    private const string AgentOption = "--agent";
    private static readonly string[] Elsewhere = ["--help", "-h", "-?", "--dry-run"];
    private static volatile bool _isOver;

    /// <summary>Begins, if this is to be a training and there is a core to spare.</summary>
    public static void Begin(IReadOnlyList<string> arguments)
    {
        if (arguments is not ["train", ..] || Environment.ProcessorCount < 2 || arguments.Intersect(Elsewhere).Any())
            return;
        var thread = new Thread(() => Train(AgentOf(arguments))) { IsBackground = true, Name = "warm-up" };
        thread.Start();
    }

    /// <summary>The agent itself begins: from here on every core is its own.</summary>
    public static void End() => _isOver = true;

    // A guess: where a preset or a file names another agent, most of what is compiled serves that one too.
    private static string AgentOf(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == AgentOption && i + 1 < arguments.Count)
                return arguments[i + 1];
            if (arguments[i].StartsWith(AgentOption + "=", StringComparison.Ordinal))
                return arguments[i][(AgentOption.Length + 1)..];
        }

        return "ofql";
    }

    private static void Train(string name)
    {
        try
        {
            var factory = AgentCatalog.Find(name);
            var sizes = new Dictionary<string, string> { ["hidden_width"] = "64", ["batch_size"] = "64" };
            using var data = SyntheticData.Make(Rows, StateSize, ActionSize);
            var context = new AgentContext(data, Filled(-1), Filled(1), Seed: 0, Threads: 1, PlannedUpdates: 2);
            using var agent = AgentSizes.Create(factory, sizes, context);
            for (var update = 0; update < 2 && !_isOver; update++)
                agent.Update();
        }
        catch (Exception)
        {
            // Whatever is wrong here (a name that means nothing, no memory), the command itself will say better.
        }
    }

    private static float[] Filled(float value) => [.. Enumerable.Repeat(value, ActionSize)];
}
