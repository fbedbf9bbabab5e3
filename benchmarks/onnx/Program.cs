using System.Globalization;
using Ofql;
using Ofql.Agents;
using Ofql.Benchmarks.Onnx;
using Ofql.Data;
using Ofql.Formats.Onnx;
using Ofql.Formats.Policies;
using Ofql.Kernels.Randomness;

// compare-onnx LIBRARY ROUNDS SECONDS [policy.safetensors or algorithm ...]; see benchmarks/onnx/compare
if (args.Length < 3)
{
    Console.Error.WriteLine("compare-onnx LIBRARY ROUNDS SECONDS [policy.safetensors or algorithm ...]");
    return 2;
}

try
{
    return Run(args);
}
catch (Exception error) when (error is OfqlException or InvalidOperationException or NotSupportedException or DllNotFoundException)
{
    Console.Error.WriteLine($"compare-onnx: {error.Message}");
    return 1;
}

static int Run(string[] args)
{
    CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
    var (rounds, seconds) = (int.Parse(args[1]), double.Parse(args[2]));
    using var runtime = new OnnxRuntime(args[0]);
    string[] names = args.Length > 3 ? args[3..] : [.. AgentCatalog.All.Select(factory => factory.Name).Where(name => name is not ("spaql" or "aql"))];
    Console.WriteLine($"{runtime.Name}, 1 thread, all optimisations; actions of 256 states in batches of 1, 7 and 248; latency of one state, median of {rounds} rounds");
    Console.WriteLine($"{"policy",-24} {"file, kB",9} {"difference",11} {"C#, us",9} {"ONNX, us",9} {"ratio",7}");
    var agree = true;
    foreach (var name in names)
    {
        var policy = AgentCatalog.All.Any(factory => factory.Name == name) ? Trained(name) : PolicyFile.Open(name);
        var file = Path.GetTempFileName();
        OnnxPolicy.Save(policy, file);
        var bytes = File.ReadAllBytes(file);
        File.Delete(file);
        var contest = new Contest(policy, bytes, runtime);
        var difference = ((int[])[1, 7, 248]).Aggregate(0.0, (largest, batch) => Math.Max(largest, contest.LargestDifference(batch, (ulong)batch)));
        agree &= difference <= OnnxAgreement.Limit;
        var times = rounds > 0 ? contest.Latencies(rounds, seconds) : [];
        var figures = times.Length == 0 ? "" : $" {Median(times.Select(pair => pair.Ours)),9:F2} {Median(times.Select(pair => pair.Theirs)),9:F2} {Median(times.Select(pair => pair.Theirs / pair.Ours)),7:F2}";
        Console.WriteLine($"{Path.GetFileName(name),-24} {bytes.Length / 1024.0,9:F0} {difference,11:E1}{figures}");
    }

    if (!agree)
        Console.Error.WriteLine($"Differences above {OnnxAgreement.Limit:E0}: where actions jump (iql_tdmpc's elites) rounding may decide for single states; elsewhere it is a defect.");
    return agree ? 0 : 1;
}

static double Median(IEnumerable<double> values)
{
    var sorted = values.Order().ToArray();
    return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
}

// A few updates on random transitions (state 17, action 6, as ofql bench) with the algorithm's own networks: what it has learned does not matter here.
static PolicyArtefact Trained(string name)
{
    const int Rows = 1000;
    var random = new RandomStream(1, "transitions");
    Column<float> states = Filled(17), actions = Filled(6), rewards = Filled(1), next = Filled(17);
    Column<byte> terminated = Column<byte>.Allocate(Rows, 1), truncated = Column<byte>.Allocate(Rows, 1);
    for (var row = 99; row < Rows; row += 100)
        truncated.Writable(row)[0] = 1;
    using var data = new TransitionDataset(states, actions, rewards, next, terminated, truncated);
    float[] low = [.. Enumerable.Repeat(-1f, 6)], high = [.. Enumerable.Repeat(1f, 6)];
    using var agent = AgentCatalog.Find(name).Create(new Dictionary<string, string>(), new AgentContext(data, low, high, Seed: 0, Threads: 1, PlannedUpdates: 1000));
    for (var update = 0; update < 10; update++)
        agent.Update();
    return agent.ExportPolicy();

    Column<float> Filled(int width)
    {
        var column = Column<float>.Allocate(Rows, width);
        for (var row = 0; row < Rows; row++)
        {
            foreach (ref var value in column.Writable(row))
                value = (float)random.NextUniform(-1, 1);
        }

        return column;
    }
}
