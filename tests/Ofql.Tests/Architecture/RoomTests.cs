using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Ofql.Agents;
using Xunit;

namespace Ofql.Tests.Architecture;

/// <summary>The arrows of the design: a room uses only rooms below it. Read from the sources themselves.</summary>
public class RoomTests
{
    private static readonly string Root = FindRoot();

    // What each folder of src/Ofql must not use. A folder that is not named here fails the test: it has no room yet.
    private static readonly Dictionary<string, string[]> Forbidden = new()
    {
        ["Graph"] = ["Networks", "Flow", "Data", "Agents", "Environments", "Training", "Evaluation"],
        ["Networks"] = ["Agents", "Environments", "Training", "Evaluation"],
        ["Flow"] = ["Agents", "Environments", "Training", "Evaluation"],
        ["Data"] = ["Networks", "Flow", "Agents", "Environments", "Training", "Evaluation"],
        ["Partitions"] = ["Graph", "Networks", "Flow", "Data", "Agents", "Environments", "Training", "Evaluation"],
        ["Environments"] = ["Graph", "Networks", "Flow", "Agents", "Training", "Evaluation"],
        ["Agents"] = ["Environments", "Training", "Evaluation"],
        ["Training"] = ["Graph", "Networks", "Flow", "Evaluation"],
        ["Evaluation"] = ["Graph", "Networks", "Flow", "Training"],
        ["Experiments"] = ["Agents", "Environments", "Training", "Evaluation"],
    };

    private static readonly Dictionary<string, string[]> References = new()
    {
        ["Ofql.Kernels"] = [],
        ["Ofql"] = ["Ofql.Kernels"],
        ["Ofql.Formats"] = ["Ofql"],
        ["Ofql.Mujoco"] = ["Ofql"],
        ["Ofql.Cli"] = ["Ofql.Formats", "Ofql.Mujoco"],
    };

    [Fact]
    public void Folders_use_only_rooms_below_them()
    {
        var faults = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories(In("src/Ofql")).Where(path => Path.GetFileName(path) is not ("bin" or "obj")))
        {
            var room = Path.GetFileName(folder);
            Assert.True(Forbidden.ContainsKey(room), $"src/Ofql/{room} has no room: say in this test what it may not use.");
            foreach (var file in Sources(folder))
                faults.AddRange(NamespacesUsed(file).Where(used => Forbidden[room].Concat(room == "Experiments" ? [] : ["Experiments"]).Any(upper => IsIn(used, $"Ofql.{upper}"))).Select(used => $"{Short(file)} uses {used}"));
        }

        Assert.Empty(faults);
    }

    [Fact]
    public void An_agent_uses_no_other_agent()
    {
        var agents = AgentFolders();
        var faults = from agent in agents
                     from file in Sources(In($"src/Ofql/Agents/{agent}"))
                     from used in NamespacesUsed(file).Concat(NeighboursUsed(file, agents))
                     where agents.Any(other => other != agent && IsIn(used, $"Ofql.Agents.{other}"))
                     select $"{Short(file)} uses {used}";
        Assert.Empty(faults);
    }

    [Fact]
    public void What_agents_share_uses_none_of_them()
    {
        var agents = AgentFolders();
        var faults = from file in Directory.EnumerateFiles(In("src/Ofql/Agents"), "*.cs").Concat(Sources(In("src/Ofql/Agents/Options")))
                     where Path.GetFileName(file) != "AgentCatalog.cs"
                     from used in NamespacesUsed(file).Concat(NeighboursUsed(file, agents))
                     where agents.Any(agent => IsIn(used, $"Ofql.Agents.{agent}"))
                     select $"{Short(file)} uses {used}";
        Assert.Empty(faults);
    }

    [Fact]
    public void The_catalog_knows_every_algorithm()
    {
        var factories = typeof(AgentCatalog).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IAgentFactory)));
        Assert.Equal(factories.Select(type => type.FullName).Order(), AgentCatalog.All.Select(factory => factory.GetType().FullName).Order());
    }

    // The folder Options is no agent: it is what their options share.
    private static List<string> AgentFolders() =>
        Directory.EnumerateDirectories(In("src/Ofql/Agents")).Select(path => Path.GetFileName(path)).Where(name => name != "Options").ToList();

    // Inside Ofql.Agents.One the name Other.Thing means Ofql.Agents.Other.Thing. (Bc, Iql and so on are also the names of types' members: those follow a dot.)
    private static IEnumerable<string> NeighboursUsed(string file, IReadOnlyList<string> agents) =>
        from line in File.ReadLines(file).Select(StripComment)
        where !line.StartsWith("namespace ", StringComparison.Ordinal) && !line.StartsWith("using ", StringComparison.Ordinal)
        from Match match in Regex.Matches(line, $@"(?<![\w.])({string.Join('|', agents)})\.[A-Z]\w*")
        select $"Ofql.Agents.{match.Value}";

    [Fact]
    public void Backward_and_tangent_passes_belong_to_the_graph()
    {
        const string Passes = @"\bEmitBackward\b|\bGradientValues\b|override\s+Node\?\s+Tangent\b";
        AssertNowhere(Passes, [.. Directory.EnumerateDirectories(In("src/Ofql")).Select(Path.GetFileName).Where(name => name is not ("Graph" or "bin" or "obj")).Select(name => $"src/Ofql/{name}"), "src/Ofql.Formats", "src/Ofql.Mujoco", "src/Ofql.Cli"]);
        // Each of the names is still what the graph calls it.
        foreach (var name in Passes.Split('|'))
            Assert.Contains(Sources(In("src/Ofql/Graph")).SelectMany(File.ReadLines), line => Regex.IsMatch(StripComment(line), name));
    }

    [Fact]
    public void Training_and_evaluation_know_no_algorithm_and_no_environment_by_name()
    {
        var faults = from room in (string[])["Training", "Evaluation"]
                     from file in Sources(In($"src/Ofql/{room}"))
                     from used in NamespacesUsed(file)
                     where used.StartsWith("Ofql.Agents.", StringComparison.Ordinal) || used.StartsWith("Ofql.Environments.", StringComparison.Ordinal)
                     select $"{Short(file)} uses {used}";
        Assert.Empty(faults);
    }

    [Fact]
    public void Projects_refer_only_downwards()
    {
        foreach (var project in Directory.EnumerateFiles(In("src"), "*.csproj", SearchOption.AllDirectories))
        {
            var name = Path.GetFileNameWithoutExtension(project);
            Assert.True(References.ContainsKey(name), $"{name} has no room: say in this test what it may refer to.");
            var found = Regex.Matches(File.ReadAllText(project), "ProjectReference Include=\"[^\"]*/([^/\"]+)\\.csproj\"").Select(match => match.Groups[1].Value);
            Assert.Equal(References[name].Order(), found.Order());
        }
    }

    [Fact]
    public void Libraries_never_write_to_the_console() => AssertNowhere(@"\bConsole\s*\.", "src/Ofql", "src/Ofql.Formats", "src/Ofql.Mujoco", "src/Ofql.Kernels");

    [Fact]
    public void Randomness_is_always_an_argument() => AssertNowhere(@"\bRandom\.Shared\b|\bnew\s+(System\.)?Random\s*\(", "src");

    [Fact]
    public void Intrinsics_live_in_the_kernels_alone() =>
        AssertNowhere(@"System\.Runtime\.Intrinsics|\bVector(128|256|512)\b", "src/Ofql", "src/Ofql.Formats", "src/Ofql.Mujoco", "src/Ofql.Cli");

    private static void AssertNowhere(string pattern, params string[] folders)
    {
        var faults = from folder in folders
                     from file in Sources(In(folder))
                     from line in File.ReadLines(file).Select((text, index) => (Text: StripComment(text), Number: index + 1))
                     where Regex.IsMatch(line.Text, pattern)
                     select $"{Short(file)}:{line.Number}: {line.Text.Trim()}";
        Assert.Empty(faults);
    }

    // 'using' lines and names written out in full; a name that begins at its own namespace cannot reach upwards unseen.
    private static IEnumerable<string> NamespacesUsed(string file)
    {
        foreach (var line in File.ReadLines(file).Select(StripComment))
        {
            if (line.StartsWith("namespace ", StringComparison.Ordinal))
                continue;
            foreach (Match match in Regex.Matches(line, @"\bOfql(\.[A-Z]\w*)+"))
                yield return match.Value;
            // Inside namespace Ofql the prefix may be left out.
            foreach (Match match in Regex.Matches(line, @"(?<![\w.])(Graph|Networks|Flow|Agents|Environments|Training|Evaluation|Experiments)\.[A-Z]\w*"))
                yield return $"Ofql.{match.Value}";
        }
    }

    private static bool IsIn(string used, string room) => used == room || used.StartsWith(room + ".", StringComparison.Ordinal);

    private static string StripComment(string line)
    {
        var at = line.IndexOf("//", StringComparison.Ordinal);
        return at < 0 ? line : line[..at];
    }

    private static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(path => !Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    private static string In(string path) => Path.Combine(Root, path);

    private static string Short(string path) => Path.GetRelativePath(Root, path);

    private static string FindRoot([CallerFilePath] string here = "")
    {
        // Deterministic builds may rewrite source paths, so the folder of the running tests is the other way in.
        foreach (var start in (string?[])[Path.GetDirectoryName(here), AppContext.BaseDirectory])
        {
            for (var at = start; at is not null; at = Path.GetDirectoryName(at))
            {
                if (File.Exists(Path.Combine(at, "Ofql.slnx")))
                    return at;
            }
        }

        throw new InvalidOperationException("The tests run outside of the repository.");
    }
}
