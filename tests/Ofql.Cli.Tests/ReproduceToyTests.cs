using System.Text.Json.Nodes;
using System.Xml.Linq;
using Xunit;

namespace Ofql.Cli.Tests;

/// <summary><c>ofql reproduce toy</c> end to end with few steps.</summary>
public sealed class ReproduceToyTests
{
    private static readonly string[] Short = ["reproduce", "toy", "--steps", "4", "--batch", "32", "--points", "64"];

    [Fact]
    public void Table_csv_and_figure()
    {
        using var cli = new CliFixture();
        var (code, output, error) = cli.Run([.. Short, "--output", cli["deep/toy"]]);
        Assert.True(code == 0, error);
        foreach (var text in (string[])["crescent", "spiral", "checkerboard", "ddpm", "marginal_velocity", "average_velocity", "off support", "1 seed;"])
            Assert.Contains(text, output, StringComparison.Ordinal);
        var lines = File.ReadAllLines(cli["deep/toy/toy.csv"]);
        Assert.Equal(1 + (3 * 14), lines.Length);
        Assert.Matches(@"spiral, one step: ddpm \d+\.\d, ddpm_of_one_step \d+\.\d, marginal_velocity \d+\.\d times as far from the data as average_velocity\.", output);
        XNamespace svg = "http://www.w3.org/2000/svg";
        // 3 sets by 14 columns: the data, 3 methods by 1, 2, 5, 10 steps, and DDPM trained with one.
        Assert.Equal(3 * 14, XDocument.Load(cli["deep/toy/toy.svg"]).Descendants(svg + "path").Count());
        Assert.Equal(["toy.csv", "toy.svg"], Directory.GetFiles(cli["deep/toy"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Json_has_mean_and_deviation_over_seeds()
    {
        using var cli = new CliFixture();
        var (code, output, error) = cli.Run([.. Short, "--sets", "spiral", "--seeds", "0..2", "--output", cli["toy"], "--json"]);
        Assert.True(code == 0, error);
        var json = JsonNode.Parse(output)!;
        Assert.Equal([0, 1, 2], json["seeds"]!.AsArray().Select(seed => (int)seed!));
        var rows = json["results"]!.AsArray();
        Assert.Equal(14, rows.Count);
        var ratio = Distance("marginal_velocity") / Distance("average_velocity");
        Assert.Equal(ratio, (double)json["one_step_ratios"]!["spiral"]!["marginal_velocity"]!, 1e-9);
        double Distance(string method) => (double)rows.Single(row => (string)row!["method"]! == method && (int)row["steps"]! == 1)!["sliced_wasserstein"]!["mean"]!;
        Assert.All(rows, row => Assert.True((double)row!["sliced_wasserstein"]!["deviation"]! > 0 && (double)row["floor"]! > 0));
        // The same numbers as in the table.
        var distances = File.ReadAllLines(cli["toy/toy.csv"]).Select(line => line.Split(',')).Where(cells => cells[1] == "ddpm" && cells[2] == "5").Select(cells => double.Parse(cells[4])).ToArray();
        Assert.Equal(3, distances.Length);
        var row = rows.Single(row => (string)row!["method"]! == "ddpm" && (int)row["steps"]! == 5)!;
        Assert.Equal(distances.Average(), (double)row["sliced_wasserstein"]!["mean"]!, 1e-12);
    }

    [Fact]
    public void One_seed_has_no_deviation()
    {
        using var cli = new CliFixture();
        var json = JsonNode.Parse(cli.Run([.. Short, "--sets", "crescent", "--output", cli["toy"], "--json"]).Out)!;
        Assert.All(json["results"]!.AsArray(), row => Assert.Null(row!["sliced_wasserstein"]!["deviation"]));
    }

    [Fact]
    public void Samplers_are_compared_at_one_step()
    {
        using var cli = new CliFixture();
        var (code, output, error) = cli.Run([.. Short, "--samplers", "--sets", "crescent", "--output", cli["toy"]]);
        Assert.True(code == 0, error);
        foreach (var name in (string[])["logit_normal", "uniform", "endpoint_25", "zero_start_25", "uniform_start_25", "ramp_50"])
            Assert.Contains(name, output, StringComparison.Ordinal);
        Assert.Equal(["toy-samplers.csv", "toy-samplers.svg"], Directory.GetFiles(cli["toy"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Same_seed_same_files_on_any_number_of_threads()
    {
        using var cli = new CliFixture();
        foreach (var threads in (string[])["1", "2"])
            Assert.Equal(0, cli.Run([.. Short, "--sets", "checkerboard", "--seeds", "5", "--threads", threads, "--output", cli[threads]]).Code);
        foreach (var file in (string[])["toy.csv", "toy.svg"])
            Assert.Equal(File.ReadAllBytes(cli[$"1/{file}"]), File.ReadAllBytes(cli[$"2/{file}"]));
    }

    [Fact]
    public void Interrupted_it_leaves_no_file()
    {
        using var cli = new CliFixture();
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var (code, _, error) = cli.RunWith(["reproduce", "toy", "--output", cli["toy"]], "", stop.Token);
        Assert.Equal(130, code);
        Assert.Contains("Interrupted.", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(cli["toy"]));
    }

    [Theory]
    [InlineData("--steps is 0; expected 1", "--steps", "0")]
    [InlineData("--batch is -1; expected 1", "--batch", "-1")]
    [InlineData("--points is 0; expected 1", "--points", "0")]
    [InlineData("--learning-rate is 0; expected", "--learning-rate", "0")]
    [InlineData("--learning-rate is NaN; expected", "--learning-rate", "NaN")]
    [InlineData("Did you mean 'spiral'?", "--sets", "spiral,spirall")]
    [InlineData("names a seed twice", "--seeds", "1,1")]
    [InlineData("--threads is 0", "--threads", "0")]
    public void What_makes_no_sense_is_a_usage_error(string expected, string option, string value)
    {
        using var cli = new CliFixture();
        var (code, _, error) = cli.Run(["reproduce", "toy", "--output", cli["toy"], option, value]);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(cli["toy"]));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_found_out_before_the_training()
    {
        using var cli = new CliFixture();
        File.WriteAllText(cli["file"], "");
        var (code, _, error) = cli.Run("reproduce", "toy", "--output", cli["file/toy"]);
        Assert.Equal(1, code);
        Assert.Contains("Give another one with --output", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_group_explains_itself()
    {
        using var cli = new CliFixture();
        var (code, output, _) = cli.Run("reproduce");
        Assert.Equal(2, code);
        Assert.Contains("ofql reproduce toy", output, StringComparison.Ordinal);
    }
}
