using Ofql.Agents;
using Ofql.Data;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>What every algorithm of the catalog must keep, on a small dataset with its networks made small.</summary>
[Collection(Alone.Name)]
public sealed class AgentConformance
{
    // Whatever of these an algorithm has: small and quick, and with schedules that happen within the test.
    private static readonly Dictionary<string, string> _small = new()
    {
        ["hidden_width"] = "24", ["hidden_layers"] = "2", ["batch_size"] = "33", ["embedding_size"] = "8", ["actor_average_start"] = "3",
        ["actor_width"] = "16", ["pretrain_updates"] = "3", ["manager_width"] = "16", ["plan_samples"] = "24",
    };

    public static TheoryData<string> Agents => new(AgentCatalog.All.Select(factory => factory.Name));

    [Theory]
    [MemberData(nameof(Agents))]
    public void The_bits_do_not_depend_on_the_number_of_threads(string name)
    {
        using var data = OfqlBench.Data();
        var single = StateAfter(name, data, 30, threads: 1);
        foreach (var threads in (int[])[1, 2, 3])
            Assert.Empty(OfqlBench.Differences(single, StateAfter(name, data, 30, threads)));
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void A_restored_agent_continues_bit_for_bit(string name)
    {
        using var data = OfqlBench.Data();
        foreach (var stop in (int[])[1, 7, 12])
        {
            using var resumed = Agent(name, data, threads: 2);
            OfqlBench.Restore(resumed, StateAfter(name, data, stop));
            Assert.Equal(stop, resumed.Step);
            Run(resumed, 20 - stop);
            Assert.Empty(OfqlBench.Differences(StateAfter(name, data, 20), OfqlBench.State(resumed)));
        }
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void Padding_carries_nothing_from_one_program_to_the_next(string name)
    {
        // A weight and a batch of one stored size, both with padding columns; an activation whose slope at 0 is not 0; a norm that clips.
        (string, string)[] sizes =
        [
            ("hidden_width", "40"), ("hidden_layers", "3"), ("batch_size", "41"), ("activation", "mish"), ("critic_max_norm", "0.05"), ("actor_max_norm", "0.05"),
            ("normalize_states", "none"), ("order", "paper"),
        ];
        using var data = OfqlBench.Data();
        foreach (var eta in (string[])["0", "0.5"])
        {
            var options = Small(name, [.. sizes, ("eta", eta)]);
            using IAgent whole = AgentCatalog.Find(name).Create(options, OfqlBench.Context(data)), resumed = AgentCatalog.Find(name).Create(options, OfqlBench.Context(data));
            Run(whole, 6);
            // A restored agent has padding of zeros: none of it is in a file.
            OfqlBench.Restore(resumed, OfqlBench.State(whole));
            Run(whole, 2);
            Run(resumed, 2);
            Assert.Empty(OfqlBench.Differences(OfqlBench.State(whole), OfqlBench.State(resumed)));
            Assert.Equal(OfqlBench.Metrics(whole), OfqlBench.Metrics(resumed));
        }
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void Seeds_differ_and_names_are_unique(string name)
    {
        using var data = OfqlBench.Data();
        Assert.NotEmpty(OfqlBench.Differences(StateAfter(name, data, 3), StateAfter(name, data, 3, seed: 2)));
        using var agent = Agent(name, data);
        Run(agent, 1);
        Unique(agent.MetricNames);
        Unique(agent.StateTensors.Select(tensor => tensor.Name).Concat(agent.StateIntegers.Select(integer => integer.Name)));
        Unique(AgentCatalog.Find(name).Options.Select(option => option.Name));
        Assert.All(agent.MetricNames, metric => Assert.Matches("^[a-z0-9_]+/[a-z0-9_]+$", metric));

        static void Unique(IEnumerable<string> names) => Assert.Equal(names.Count(), names.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void An_update_allocates_nothing(string name)
    {
        using var data = OfqlBench.Data();
        // What is trained only at first ends before the measurement, or never.
        foreach (var pretraining in AgentCatalog.Find(name).Options.Any(option => option.Name == "pretrain_updates") ? (string[])["3", "0"] : ["3"])
        {
            using var agent = AgentCatalog.Find(name).Create(Small(name, ("pretrain_updates", pretraining)), OfqlBench.Context(data, threads: 2));
            Allocations.NoneInAnUpdate(agent);
        }
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void Acting_allocates_nothing(string name)
    {
        using var data = OfqlBench.Data();
        using var agent = Agent(name, data);
        foreach (var (capacity, candidates, half, selection) in ((int, int, bool, CandidateSelection)[])
            [(1, 1, false, CandidateSelection.Argmax), (1, 1, true, CandidateSelection.Argmax), (1, 8, false, CandidateSelection.Softmax), (16, 3, false, CandidateSelection.Softmax), (1, 20, false, CandidateSelection.Argmax)])
        {
            using var actor = agent.CreateActor(new ActingOptions { Candidates = candidates, Selection = selection, HalfWeights = half }, capacity);
            float[] states = OfqlBench.Normals(capacity * actor.StateSize), noise = OfqlBench.Normals(capacity * actor.NoisePerState);
            float[] uniforms = new float[capacity], actions = new float[capacity * actor.ActionSize];
            var (thread, process) = Allocations.Of(300, () => actor.Act(capacity, states, noise, uniforms, actions));
            Assert.Equal(0, thread);
            Assert.True(process < 4096, $"{process} bytes in 300 calls.");
        }
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void An_exported_policy_acts_with_the_bits_of_the_agent_within_the_bounds(string name)
    {
        using var data = OfqlBench.Data();
        var context = OfqlBench.Context(data) with { ActionLow = [-1f, -2f, 0f], ActionHigh = [1f, 0.5f, 3f] };
        using var agent = AgentCatalog.Find(name).Create(Small(name, ("normalize_states", "standardize")), context);
        Run(agent, 10);
        var artefact = agent.ExportPolicy();
        Assert.Equal(name, artefact.Metadata["kind"]);
        foreach (var candidates in (int[])[1, 6, 40])
        {
            var options = new ActingOptions { Candidates = candidates, NoiseScale = 2f, Selection = CandidateSelection.Softmax, SoftmaxWeight = 3 };
            using IActor direct = agent.CreateActor(options, 17), loaded = AgentCatalog.CreateActor(artefact, options, 17), single = AgentCatalog.CreateActor(artefact, options, 1);
            Assert.Equal((5, 3, direct.NoisePerState), (loaded.StateSize, loaded.ActionSize, loaded.NoisePerState));
            var actions = Act(direct);
            Assert.Equal(Bits(actions), Bits(Act(loaded)));
            Assert.Equal(Bits(actions), Bits(Act(single)));
            using IActor shared = AgentCatalog.CreateActor(artefact, options with { Threads = 3 }, 17), singleShared = AgentCatalog.CreateActor(artefact, options with { Threads = 2 }, 1);
            Assert.Equal(Bits(actions), Bits(Act(shared)));
            Assert.Equal(Bits(actions), Bits(Act(singleShared)));
            for (var i = 0; i < actions.Length; i++)
                Assert.InRange(actions[i], context.ActionLow[i % 3], context.ActionHigh[i % 3]);
        }
    }

    /// <summary>The largest value is found without all critics for all candidates; a softmax so sharp that it leaves no doubt takes all of them.</summary>
    [Theory]
    [MemberData(nameof(Agents))]
    public void The_best_of_many_candidates_acts(string name)
    {
        using var data = OfqlBench.Data();
        using var agent = Agent(name, data);
        Run(agent, 10);
        ActingOptions best = new() { Candidates = 20 }, sharp = best with { Selection = CandidateSelection.Softmax, SoftmaxWeight = 1e9f };
        using IActor first = agent.CreateActor(best, 17), second = agent.CreateActor(sharp, 17), shared = agent.CreateActor(best with { Threads = 2 }, 17), single = agent.CreateActor(best, 1);
        var actions = Bits(Act(second));
        Assert.Equal(actions, Bits(Act(first)));
        Assert.Equal(actions, Bits(Act(shared)));
        Assert.Equal(actions, Bits(Act(single)));
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void Half_weights_change_actions_a_little(string name)
    {
        using var data = OfqlBench.Data();
        using var agent = Agent(name, data);
        Run(agent, 10);
        var options = new ActingOptions { HalfWeights = true };
        using IActor exact = agent.CreateActor(new ActingOptions(), 1), half = agent.CreateActor(options, 1), loaded = AgentCatalog.CreateActor(agent.ExportPolicy(), options, 1);
        float[] expected = Act(exact), found = Act(half);
        Assert.Equal(Bits(found), Bits(Act(loaded)));
        Assert.True(expected.Zip(found, (a, b) => Math.Abs(a - b)).Average() < 0.01);
        // Tables have no weights.
        if (agent is not ProgramAgent)
            return;
        Assert.NotEqual(Bits(expected), Bits(found));
        Run(agent, 2);
        Assert.NotEqual(Bits(found), Bits(Act(half)));
        Assert.Contains("one action at a time", Assert.Throws<ArgumentException>(() => agent.CreateActor(options, 2)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void A_policy_that_lacks_something_is_refused(string name)
    {
        using var data = OfqlBench.Data();
        using var agent = Agent(name, data);
        var artefact = agent.ExportPolicy();
        foreach (var tensor in artefact.Tensors.Keys)
            Refused(artefact with { Tensors = artefact.Tensors.Where(pair => pair.Key != tensor).ToDictionary() }, tensor);
        foreach (var fact in artefact.Metadata.Keys.Where(fact => fact is not ("format" or "contract")))
            Refused(artefact with { Metadata = artefact.Metadata.Where(pair => pair.Key != fact).ToDictionary() }, fact);
        Refused(artefact with { Metadata = artefact.Metadata.Append(new("kind", "x")).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Last().Value) }, "kind 'x'");

        static void Refused(PolicyArtefact policy, string expected) => Assert.Contains(
            expected, Assert.Throws<OfqlException>(() => AgentCatalog.CreateActor(policy, new ActingOptions(), 1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void Everything_stays_finite(string name)
    {
        using var data = OfqlBench.Data();
        using var agent = Agent(name, data, threads: 2);
        Run(agent, 400);
        Assert.True(OfqlBench.IsFinite(agent));
        Assert.All(OfqlBench.Metrics(agent), metric => Assert.True(float.IsFinite(metric.Value), metric.Key));
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void States_and_actions_of_one_number_will_do(string name)
    {
        using var data = OfqlBench.Data(stateSize: 1, actionSize: 1);
        using var agent = Agent(name, data);
        Run(agent, 5);
        Assert.True(OfqlBench.IsFinite(agent));
        using IActor direct = agent.CreateActor(new ActingOptions { Candidates = 4 }, 3), loaded = AgentCatalog.CreateActor(agent.ExportPolicy(), new ActingOptions { Candidates = 4 }, 3);
        Assert.Equal(Bits(Act(direct)), Bits(Act(loaded)));
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void Options_come_back_as_written_and_unknown_ones_are_refused_with_the_nearest(string name)
    {
        var factory = AgentCatalog.Find(name);
        var resolved = factory.Resolve(new Dictionary<string, string>());
        Assert.Equal(factory.Options.ToDictionary(option => option.Name, option => option.Default), resolved);
        Assert.Equal(resolved, factory.Resolve(resolved));
        Assert.All(factory.Options, option => Assert.True(option.Description.Length > 10, option.Name));
        Assert.All([factory.Title, factory.Paper], text => Assert.NotEmpty(text));
        // One letter wrong in its first option.
        var known = factory.Options[0].Name;
        var misspelt = known[..^1] + "#";
        var error = Assert.Throws<UsageException>(() => factory.Resolve(new Dictionary<string, string> { [misspelt] = "3" }));
        Assert.Contains($"'{misspelt}'", error.Message, StringComparison.Ordinal);
        Assert.Contains($"Did you mean '{known}'?", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void Used_after_its_end_an_agent_throws_and_does_not_hang(string name)
    {
        using var data = OfqlBench.Data();
        foreach (var threads in (int[])[1, 3])
        {
            var agent = Agent(name, data, threads: threads);
            agent.Update();
            var actor = agent.CreateActor(new ActingOptions { Threads = threads }, 1);
            actor.Dispose();
            agent.Dispose();
            // Tables hold nothing that ends.
            if (agent is not ProgramAgent)
                return;
            Assert.Throws<ObjectDisposedException>(() => actor.Act(1, new float[data.StateSize], new float[actor.NoisePerState], new float[1], new float[data.ActionSize]));
            Assert.Throws<ObjectDisposedException>(agent.Update);
        }
    }

    [Fact]
    public void Names_of_algorithms_are_unique_and_those_of_policies()
    {
        Assert.Equal(AgentCatalog.All.Count, AgentCatalog.All.Select(factory => factory.Name).Distinct().Count());
        var unknown = new PolicyArtefact(new Dictionary<string, string> { ["kind"] = "oracle" }, new Dictionary<string, (long[], float[])>());
        Assert.Contains("'oracle'", Assert.Throws<OfqlException>(() => AgentCatalog.CreateActor(unknown, new ActingOptions(), 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Published_settings_are_options_of_their_algorithm()
    {
        foreach (var factory in AgentCatalog.All)
        {
            Assert.Equal(factory.Published.Count, factory.Published.Select(settings => settings.Name).Distinct().Count());
            foreach (var settings in factory.Published)
            {
                var resolved = factory.Resolve(settings.Options);
                Assert.All(settings.Options, pair => Assert.Equal(pair.Value, resolved[pair.Key]));
                Assert.NotEmpty(settings.Source);
                Assert.True(settings.Updates is null or >= 100_000, settings.Task);
            }
        }
    }

    private static Dictionary<string, string> Small(string name, params (string Name, string Value)[] more)
    {
        var known = AgentCatalog.Find(name).Options.Select(option => option.Name).ToHashSet();
        var given = new Dictionary<string, string>(_small);
        foreach (var (option, value) in more)
            given[option] = value;
        return given.Where(option => known.Contains(option.Key)).ToDictionary();
    }

    private static IAgent Agent(string name, TransitionDataset data, ulong seed = 1, int threads = 1) =>
        AgentCatalog.Find(name).Create(Small(name), OfqlBench.Context(data, seed, threads));

    private static Dictionary<string, byte[]> StateAfter(string name, TransitionDataset data, int updates, int threads = 1, ulong seed = 1)
    {
        using var agent = Agent(name, data, seed, threads);
        Run(agent, updates);
        return OfqlBench.State(agent);
    }

    private static void Run(IAgent agent, int updates)
    {
        for (var i = 0; i < updates; i++)
            agent.Update();
    }

    private static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);

    /// <summary>Actions for 17 states, as many a call as the actor takes.</summary>
    private static float[] Act(IActor actor)
    {
        const int Count = 17;
        float[] states = OfqlBench.Normals(Count * actor.StateSize, "state"), noise = OfqlBench.Normals(Count * actor.NoisePerState);
        var actions = new float[Count * actor.ActionSize];
        for (var first = 0; first < Count; first += actor.Capacity)
        {
            var n = Math.Min(actor.Capacity, Count - first);
            actor.Act(
                n, states.AsSpan(first * actor.StateSize, n * actor.StateSize), noise.AsSpan(first * actor.NoisePerState, n * actor.NoisePerState),
                Enumerable.Repeat(0.6f, n).ToArray(), actions.AsSpan(first * actor.ActionSize, n * actor.ActionSize));
        }

        return actions;
    }
}
