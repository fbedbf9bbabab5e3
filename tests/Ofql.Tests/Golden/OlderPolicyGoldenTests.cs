using Ofql.Agents;
using Ofql.Formats.Policies;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Policy files that earlier versions wrote still act as they did.</summary>
public sealed class OlderPolicyGoldenTests
{
    // Written with its actions before algorithms shared one policy format: 5 candidates for each of 20 states, argmax.
    [Fact]
    public void A_policy_of_the_first_version_acts_as_it_did()
    {
        using var recorded = GoldenFile.Open("policies/ofql_version_1_actions");
        var path = Path.Combine(GoldenFolder.Location, "policies/ofql_version_1.safetensors");
        using var actor = AgentCatalog.CreateActor(PolicyFile.Open(path), new ActingOptions { Candidates = 5 }, 20);
        var actions = new float[40];
        actor.Act(20, recorded.Singles("state"), recorded.Singles("noise"), new float[20], actions);
        recorded.AssertClose("action", actions, tolerance: 1e-6);
        using var policy = OfqlPolicy.Load(path);
        Assert.Equal((3, 2), (policy.StateSize, policy.ActionSize));
    }
}
