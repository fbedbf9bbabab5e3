using Ofql.Agents;
using Ofql.Formats.Runs;
using Ofql.Training;
using Xunit;

namespace Ofql.Formats.Tests.Runs;

public class CheckpointFolderTests
{
    [Fact]
    public void Equal_states_give_equal_bytes_and_restore_exactly()
    {
        using var folder = new TemporaryFolder();
        var agent = new Agent { Step = 7, Values = [1f, -0f, float.Epsilon, 3.25f], Position = long.MinValue };
        var store = new CheckpointFolder(folder.Location, keep: 2, Assert.Fail);
        store.Save(agent.State, final: false);
        var first = File.ReadAllBytes(store.PathOf(7));
        store.Save(agent.State, final: false);
        Assert.Equal(first, File.ReadAllBytes(store.PathOf(7)));

        var other = new Agent();
        Assert.Equal(7, store.RestoreLatest(other.State));
        Assert.Equal(agent.Values.Select(BitConverter.SingleToInt32Bits), other.Values.Select(BitConverter.SingleToInt32Bits));
        Assert.Equal((7L, long.MinValue), (other.Step, other.Position));
    }

    [Fact]
    public void The_agent_alone_is_restored_from_a_run_that_had_more()
    {
        using var folder = new TemporaryFolder();
        var agent = new Agent { Step = 7, Values = [1f, 2f, 3f, 4f], Position = 11 };
        var state = agent.State;
        Save(new StateInteger("training/evaluated_step", () => 5, _ => Assert.Fail()), new StateInteger("online/step", () => 6, _ => Assert.Fail()));
        var path = new CheckpointFolder(folder.Location, keep: 1, Assert.Fail).PathOf(7);
        var facts = CheckpointFile.Facts(path);
        Assert.Equal(7, facts.Step);
        Assert.StartsWith("sha256:", facts.Fingerprint, StringComparison.Ordinal);
        var other = new Agent();
        CheckpointFile.RestoreAgent(path, other);
        Assert.Equal((7L, 11L), (other.Step, other.Position));
        Assert.Equal(agent.Values, other.Values);

        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 4;
        File.WriteAllBytes(path, bytes);
        Assert.Contains("damaged", Assert.Throws<OfqlException>(() => CheckpointFile.RestoreAgent(path, new Agent())).Message, StringComparison.Ordinal);
        Save(new StateInteger("memory", () => 6, _ => Assert.Fail()));
        Assert.Contains("'memory'", Assert.Throws<OfqlException>(() => CheckpointFile.RestoreAgent(path, new Agent())).Message, StringComparison.Ordinal);

        void Save(params StateInteger[] more) => new CheckpointFolder(folder.Location, keep: 1, Assert.Fail)
            .Save(state with { Integers = [.. state.Integers, .. more] }, final: false);
    }

    [Fact]
    public void Keeps_the_last_and_one_more_at_the_end()
    {
        using var folder = new TemporaryFolder();
        var store = new CheckpointFolder(folder.Location, keep: 2, Assert.Fail);
        var agent = new Agent();
        for (agent.Step = 10; agent.Step <= 50; agent.Step += 10)
            store.Save(agent.State, final: false);
        Assert.Equal([50L, 40L], store.Steps());
        agent.Step = 60;
        store.Save(agent.State, final: true);
        Assert.Equal([60L, 50L, 40L], store.Steps());
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("flipped")]
    [InlineData("empty")]
    public void A_damaged_one_is_skipped_with_a_warning_and_changes_nothing(string damage)
    {
        using var folder = new TemporaryFolder();
        var warnings = new List<string>();
        var store = new CheckpointFolder(folder.Location, keep: 3, warnings.Add);
        store.Save(new Agent { Step = 1, Values = [1, 1, 1, 1] }.State, final: false);
        store.Save(new Agent { Step = 2, Values = [2, 2, 2, 2] }.State, final: false);
        var bytes = File.ReadAllBytes(store.PathOf(2));
        bytes[^1] ^= 4;
        File.WriteAllBytes(store.PathOf(2), damage switch { "truncated" => bytes[..^5], "flipped" => bytes, _ => [] });
        // Left behind by a process that was killed while writing.
        File.WriteAllText(folder[".step-000000003.safetensors.0123.part"], "half");
        var agent = new Agent();
        Assert.Equal(1, store.RestoreLatest(agent.State));
        Assert.Equal([1f, 1f, 1f, 1f], agent.Values);
        Assert.Contains("step 2", warnings.Single(), StringComparison.Ordinal);
        File.Delete(store.PathOf(1));
        Assert.Contains("None of the 1", Assert.Throws<OfqlException>(() => store.RestoreLatest(agent.State)).Message, StringComparison.Ordinal);
        Assert.Equal(1, agent.Step);
    }

    [Fact]
    public void None_at_all_is_no_error()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(new CheckpointFolder(folder["missing"], keep: 1, Assert.Fail).RestoreLatest(new Agent().State));
    }

    [Fact]
    public void One_of_another_agent_is_refused()
    {
        using var folder = new TemporaryFolder();
        var store = new CheckpointFolder(folder.Location, keep: 1, _ => { });
        store.Save(new Agent { Step = 1 }.State, final: false);
        var error = Assert.Throws<OfqlException>(() => store.RestoreLatest(new Agent { Values = new float[6] }.State));
        Assert.Contains("[6]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_folder_is_locked_while_in_use()
    {
        using var parent = new TemporaryFolder();
        var folder = RunFolder.Create(parent["run"]);
        using (folder.Lock())
            Assert.Contains("in use", Assert.Throws<OfqlException>(folder.Lock).Message, StringComparison.Ordinal);
        folder.Lock().Dispose();
    }

    private sealed class Agent : IAgent
    {
        public long Step { get; set; }

        public float[] Values { get; init; } = new float[4];

        public long Position { get; set; }

        public TrainingState State => new(this, StateTensors, StateIntegers);

        public IReadOnlyList<string> MetricNames => [];

        public IReadOnlyList<StateTensor> StateTensors => [new("values", [Values.Length], Values.CopyTo, source => source.CopyTo(Values))];

        public IReadOnlyList<StateInteger> StateIntegers =>
            [new("step", () => Step, value => Step = value), new("position", () => Position, value => Position = value)];

        public void Update() => Step++;

        public void ReadMetrics(Span<float> values)
        {
        }

        public IActor CreateActor(ActingOptions options, int capacity) => throw new NotSupportedException();

        public PolicyArtefact ExportPolicy() => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
