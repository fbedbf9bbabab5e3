using System.Runtime.Intrinsics;
using System.Text.Json.Nodes;
using Ofql.Cli.Composition;
using Ofql.Formats.Hdf5;
using Ofql.Formats.Policies;
using Ofql.Mujoco;
using Xunit;

namespace Ofql.Cli.Tests;

/// <summary>The behaviour policies that come with the program, and the data they make.</summary>
public class ShippedBehaviourTests
{
    private const int LargestFile = 12_000_000;
    private const int Rows = 3000;

    [Theory]
    [InlineData("hopper-v2", 11, 3, 130_000, 410_000)]
    [InlineData("halfcheetah-v2", 17, 6, 140_000, 450_000)]
    [InlineData("walker2d-v2", 17, 6, 280_000, 550_000)]
    public void Each_robot_has_its_policies_with_command_seed_and_returns(string environment, int stateSize, int actionSize, long medium, long expert)
    {
        var set = BehaviourFile.Open(PathOf(environment));
        Assert.Equal((environment, medium, expert), (set.Environment, set.Medium, set.Expert));
        Assert.StartsWith("ofql train --agent sac", set.Training["command"], StringComparison.Ordinal);
        Assert.NotEmpty(set.Training["seed"]);
        Assert.All(set.Policies, policy =>
        {
            Assert.True(double.IsFinite(policy.Return));
            Assert.Equal([2L * actionSize, 256], policy.Policy.Tensors["actor.out.weight"].Shape);
            Assert.Equal([256, (long)stateSize], policy.Policy.Tensors["actor.fc1.weight"].Shape);
        });
    }

    [Fact]
    public void Together_they_are_small() =>
        Assert.True(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Behaviours")).Sum(file => new FileInfo(file).Length) < LargestFile);

    // 3,000 rows by seed 0 under MuJoCo 2.2.2 with 256-bit vectors or wider; whole sets are listed in docs/datasets.md.
    [Theory]
    [InlineData("hopper-random-v2", "5b0fb8ae21cd7bc87b12e262a9130fdeedac15869903ac9a12e6999d6b3b49ab")]
    [InlineData("hopper-medium-v2", "8974fcb358698c51b0b63e91625c8599d043b63152993e68342c62a50523e9a8")]
    [InlineData("hopper-medium-replay-v2", "380224aec6988b3e8cdc29349d996687dbb43a0abdb01fc6565114bccd29fa9a")]
    [InlineData("hopper-expert-v2", "3e28366212f6cea99b933d839447255b0a3a72287ae8b60956fbfa7c5aa19f0d")]
    [InlineData("hopper-medium-expert-v2", "69ba43888b096f2b8382d10f80e153cfc74514af045f137682e8c6823f520964")]
    [InlineData("halfcheetah-random-v2", "0838174f6f3c03851e1ad1eaf5e421549d1e3e514e8e0cffc6f940e98a567715")]
    [InlineData("halfcheetah-medium-v2", "3bcecaafe183ab066adbc3cbfb173079765daff218ff975bb7dc1698c4c2536f")]
    [InlineData("halfcheetah-medium-replay-v2", "ede185d7b633a523da907fa77d914759179d517fff7d57e5b528ae167d9da59f")]
    [InlineData("halfcheetah-expert-v2", "c8c3423e12627ec230fd4ab9b8d6385a3a04b19694966fe1ecd4bd4c6ef773c7")]
    [InlineData("halfcheetah-medium-expert-v2", "c05410db9f83d86c46c3a8e5b1323325a177d33962addb128b128a99fd6985e1")]
    [InlineData("walker2d-random-v2", "743ae1fdb1e49c04c08766b9da39ce06e637af30dde4cf76441e2191947a1e58")]
    [InlineData("walker2d-medium-v2", "dbea6e91c67b4e0869a4f9aa33accff91f6949c117c81a2bc3674384935195c1")]
    [InlineData("walker2d-medium-replay-v2", "0fc01ab5b7ee0828fa6d539da6a769189baedd91bf5f2127c3bd9ae93b390cc9")]
    [InlineData("walker2d-expert-v2", "ea16eff03aef676ca9077c868c6a1481ad7f06aac98d1e28d74d8a3e17794ffb")]
    [InlineData("walker2d-medium-expert-v2", "ffeadb7c71a200389ae3da05bb036b61af103ac8a63dfcec7dae6a1318c80114")]
    public void Every_machine_makes_the_same_rows(string task, string fingerprint)
    {
        RequireMujoco();
        if (MujocoSupport.Title != "MuJoCo 2.2.2" || !Vector256.IsHardwareAccelerated)
            Assert.Skip($"The fingerprints are those of MuJoCo 2.2.2 and vectors of 256 bits; here are {MujocoSupport.Title} and {(Vector256.IsHardwareAccelerated ? 256 : 128)} bits.");
        using var cli = new CliFixture();
        var json = JsonNode.Parse(Generate(cli, task, "--no-hdf5"))!;
        Assert.Equal("sha256:" + fingerprint, (string?)json["fingerprint"]);
    }

    [Fact]
    public void A_set_of_one_policy_carries_its_weights_under_the_names_of_D4RL()
    {
        RequireMujoco();
        if (Hdf5Support.FindProblem() is { } problem)
            Assert.Skip(problem);
        using var cli = new CliFixture();
        Generate(cli, "hopper-medium-v2");
        using var file = Hdf5File.Open(cli["made.hdf5"]);
        Assert.Equal([256L, 11], file.Find("metadata/policy/fc0/weight")!.Shape);
        Assert.Equal([256L, 256], file.Find("metadata/policy/fc1/weight")!.Shape);
        Assert.Equal([3L, 256], file.Find("metadata/policy/last_fc/weight")!.Shape);
        Assert.Equal([3L], file.Find("metadata/policy/last_fc_log_std/bias")!.Shape);
        Assert.Equal([(long)Rows], file.Find("infos/action_log_probs")!.Shape);
        Assert.Equal("tanh_gaussian", file.ReadText("metadata/policy/output_distribution"));
        Assert.Equal([130.0], file.ReadDoubles("metadata/iteration"));
        var outputs = BehaviourFile.Open(PathOf("hopper-v2")).At(130_000).Policy.Tensors["actor.out.bias"].Values;
        Assert.Equal(outputs[3..].Select(value => (double)value), file.ReadDoubles("metadata/policy/last_fc_log_std/bias"));
        Generate(cli, "hopper-random-v2");
        using var random = Hdf5File.Open(cli["made.hdf5"]);
        Assert.DoesNotContain(random.Datasets, dataset => dataset.Name.StartsWith("metadata/policy", StringComparison.Ordinal));
    }

    private static string Generate(CliFixture cli, string task, params string[] more)
    {
        foreach (var file in Directory.GetFiles(cli.Folder, "made.*"))
            File.Delete(file);
        var (code, output, error) = CliFixture.RunWith(
            ["data", "generate", task, "--rows", $"{Rows}", "--json", "-o", cli["made.safetensors"], .. more], TextReader.Null, Catalog.Shipped, CancellationToken.None);
        Assert.True(code == 0, error);
        return output;
    }

    private static string PathOf(string environment) => Path.Combine(AppContext.BaseDirectory, "Behaviours", environment + ".safetensors");

    private static void RequireMujoco()
    {
        if (MujocoSupport.FindProblem() is { } problem)
            Assert.Skip(problem);
    }
}
