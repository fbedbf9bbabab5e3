using System.Globalization;
using Ofql.Agents;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>Every option of every algorithm changes what is learned or how it acts: none is only listed.</summary>
public sealed class AgentOptionTests
{
    // Options whose other value cannot be guessed, or that matter only beside others: "algorithm.option", or "*.option" for all.
    private static readonly Dictionary<string, (string? Value, string Needs)> _special = new()
    {
        ["*.actor_max_norm"] = ("0.01", ""),
        ["*.critic_max_norm"] = ("0.01", ""),
        ["*.actor_average_start"] = ("6", ""),
        ["*.embedding_size"] = ("6", ""),
        ["*.protocol"] = ("clean_diffuser", ""),
        ["*.q_floor"] = ("1000", ""),
        ["*.max_q_candidates"] = (null, "max_q_backup=true"),
        ["*.train_critics"] = (null, "eta=0"),
        ["*.action_limit"] = ("0.5", ""),
        ["ofql.adaptive_constant"] = (null, "bc_weighting=adaptive"),
        ["ofql.adaptive_power"] = (null, "bc_weighting=adaptive"),
        ["ofql.endpoint_region"] = (null, "endpoint_share=1"),
        ["ofql.endpoint_width"] = (null, "endpoint_share=1 endpoint_region=zero_start"),
        ["ofql.endpoint_ramp"] = ("5", "endpoint_share=1"),
        // Untrained, the chain of many levels ends at the bounds whatever the parameters.
        ["edp.act_with"] = (null, "noise_schedule=linear"),
        ["iql.log_std_low"] = ("1", ""),
        ["iql.log_std_high"] = ("-1", ""),
        ["iql.maximum_weight"] = ("1", ""),
        ["iql.state_epsilon"] = (null, "normalize_states=standardize"),
        ["cql.log_std_low"] = ("-0.5", ""),
        ["cql.log_std_high"] = ("-2", ""),
        ["cql.difference_low"] = ("100", ""),
        ["cql.lagrange_gap"] = (null, "lagrange=true"),
        ["iql_tdmpc.log_std_low"] = ("1", ""),
        ["iql_tdmpc.log_std_high"] = ("-1", ""),
        ["iql_tdmpc.maximum_weight"] = ("1", ""),
        ["iql_tdmpc.manager_max_norm"] = ("0.01", ""),
        // The manager learns in two updates here.
        ["iql_tdmpc.manager_target_every"] = ("1", ""),
        ["sac.initial_temperature"] = ("0.5", ""),
        ["sac.log_std_low"] = ("0.5", ""),
        ["sac.log_std_high"] = ("-1", ""),
        ["td3_bc.noise_clip"] = ("0.05", ""),
        ["dtql.log_std_low"] = ("1", ""),
        ["dtql.log_std_high"] = ("-1", ""),
        ["meanflow_ql.target_bound"] = ("0.1", ""),
        // More than 1000 levels are none.
        ["meanflow_ql.time_steps"] = ("50", ""),
        ["meanflow_ql.bound_weight"] = (null, "learning_rate=0.3 warm_up_share=0"),
        ["meanflow_ql.alpha_interval"] = ("1", "alpha_threshold=1"),
        ["meanflow_ql.alpha_threshold"] = ("1", "alpha_interval=1"),
        // 256 nodes a split: the second has no place.
        ["spaql.maximum_nodes"] = ("300", ""),
        ["aql.maximum_nodes"] = ("300", ""),
        ["spaql.temperature_limit"] = ("0.001", ""),
    };

    // How often a policy is tried out is the collector's business, and shown in AdaptiveQOnlineTests.
    public static TheoryData<string, string> Options => new(AgentCatalog.All.SelectMany(factory => factory.Options.Select(option => (factory.Name, option.Name)))
        .Where(option => option != ("spaql", "trials")));

    [Theory]
    [MemberData(nameof(Options))]
    public void Every_option_changes_what_is_learned_or_how_it_acts(string agent, string name)
    {
        var factory = AgentCatalog.Find(agent);
        var known = factory.Options.ToDictionary(option => option.Name);
        var (value, needs) = _special.GetValueOrDefault($"{agent}.{name}", _special.GetValueOrDefault($"*.{name}", (null, "")));
        var basis = new Dictionary<string, string> { ["hidden_width"] = "24", ["hidden_layers"] = "2", ["batch_size"] = "17", ["actor_average_start"] = "2", ["embedding_size"] = "8", ["actor_width"] = "16", ["pretrain_updates"] = "2", ["manager_width"] = "16", ["plan_samples"] = "24" }
            .Where(option => known.ContainsKey(option.Key)).ToDictionary();
        foreach (var need in needs.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            basis[need.Split('=')[0]] = need.Split('=')[1];
        var (state, actions) = Outcome(basis);
        var resolved = factory.Resolve(basis);
        basis[name] = value ?? Other(known[name], resolved[name]);
        Assert.NotEqual(resolved[name], basis[name]);
        var (changedState, changedActions) = Outcome(basis);
        Assert.True(OfqlBench.Differences(state, changedState).Length > 0 || !actions.SequenceEqual(changedActions), $"{agent}.{name} = {basis[name]} changes nothing.");

        (Dictionary<string, byte[]> State, float[] Actions) Outcome(Dictionary<string, string> options)
        {
            using var data = OfqlBench.Data(60);
            using var learner = factory.Create(options, OfqlBench.Context(data) with { PlannedUpdates = 20 });
            // Single transitions need more updates to split some cells; two trials improve, the last fails.
            var updates = learner is AdaptiveQAgent ? 400 : 8;
            for (var i = 0; i < updates; i++)
            {
                learner.Update();
                if (i is 0 or 3 or 390 && learner is ITrialAgent trial)
                    trial.EndTrial(i < 100 ? i : 0);
            }

            using var actor = learner.CreateActor(new ActingOptions { Candidates = 4 }, 16);
            var result = new float[16 * actor.ActionSize];
            actor.Act(16, OfqlBench.Normals(16 * actor.StateSize, "state"), OfqlBench.Normals(16 * actor.NoisePerState), new float[16], result);
            return (OfqlBench.State(learner), result);
        }
    }

    /// <summary>Another value of an option: the next number or word.</summary>
    private static string Other(AgentOption option, string value) => option.Kind switch
    {
        "integer" => (long.Parse(value, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture),
        "number" => double.Parse(value, CultureInfo.InvariantCulture) is var number && number == 0 ? "0.25" : (number / 2).ToString("R", CultureInfo.InvariantCulture),
        "boolean" => value == "true" ? "false" : "true",
        _ => option.Kind.Split('|') is var words ? words[(Array.IndexOf(words, value) + 1) % words.Length] : value,
    };
}
