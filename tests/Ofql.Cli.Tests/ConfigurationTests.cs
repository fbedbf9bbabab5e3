using Ofql.Cli.Configuration;
using Xunit;

namespace Ofql.Cli.Tests;

public class ConfigurationTests
{
    [Fact]
    public void Later_layers_win()
    {
        using var cli = new CliFixture();
        File.WriteAllText(cli["mine.yaml"], "training:\n  updates: 200\n  seed: 7\n  log_every: 9\nevaluation: { episodes: 3 }\n");
        var dry = cli.Run("train", "small", "--dry-run").Out;
        Assert.Contains("updates: 123", dry, StringComparison.Ordinal);
        Assert.Contains("learning_rate: 0.02", dry, StringComparison.Ordinal);
        Assert.Contains("log_every: 500", dry, StringComparison.Ordinal);
        dry = cli.Run("train", "small", "--dry-run", "--config", cli["mine.yaml"], "--updates", "300", "--set", "training.seed=8").Out;
        Assert.Contains("updates: 300", dry, StringComparison.Ordinal);
        Assert.Contains("seed: 8", dry, StringComparison.Ordinal);
        Assert.Contains("log_every: 9", dry, StringComparison.Ordinal);
        Assert.Contains("episodes: 3", dry, StringComparison.Ordinal);
        Assert.Contains("updates: 400", cli.Run("train", "small", "--dry-run", "--updates", "300", "--set", "training.updates=400").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dry_run_can_be_fed_back()
    {
        using var cli = new CliFixture();
        var dry = cli.Run("train", "small", "--dry-run", "--set", "data.file=a b: \"c\"#.hdf5").Out;
        File.WriteAllText(cli["again.yaml"], dry);
        Assert.Equal(dry, cli.Run("train", "--config", cli["again.yaml"], "--dry-run").Out);
    }

    [Fact]
    public void The_environment_chooses_the_preset_and_may_lack_its_version()
    {
        using var cli = new CliFixture();
        var dry = cli.Run("train", "--env", "pendulum", "--data", "x.hdf5", "--dry-run").Out;
        Assert.Contains("environment: pendulum-v1", dry, StringComparison.Ordinal);
        Assert.Contains("updates: 123", dry, StringComparison.Ordinal);
        Assert.Contains("file: x.hdf5", dry, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_file_takes_the_place_of_generated_data()
    {
        using var cli = new CliFixture();
        var dry = cli.Run("train", "maze2d-umaze-v1", "--agent", "linear", "--data", "x.hdf5", "--dry-run").Out;
        Assert.Contains("generate: \"\"", dry, StringComparison.Ordinal);
    }

    [Fact]
    public void A_misspelt_key_of_a_file_is_named_with_its_line()
    {
        using var cli = new CliFixture();
        File.WriteAllText(cli["bad.yaml"], "training:\n  updates: 5\n  log_evry: 3\n");
        var (code, _, error) = cli.Run("train", "small", "--config", cli["bad.yaml"]);
        Assert.Equal(2, code);
        Assert.Contains("'training.log_evry'", error, StringComparison.Ordinal);
        Assert.Contains("line 3", error, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'training.log_every'?", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("training: [1, 2]", "is a list")]
    [InlineData("training:\n  updates: 1\n  updates: 2", "line")]
    [InlineData("a: b: c", "not sound YAML")]
    [InlineData("- 1", "expected one YAML map")]
    [InlineData("a: &x {b: *x}", "does an alias repeat a map within itself?")]
    [InlineData("a: &a {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1}\nb: &b {a: *a, b: *a, c: *a, d: *a, e: *a, f: *a, g: *a, h: *a}\nc: &c {a: *b, b: *b, c: *b, d: *b, e: *b, f: *b, g: *b, h: *b}\nd: &d {a: *c, b: *c, c: *c, d: *c, e: *c, f: *c, g: *c, h: *c}\ne: {a: *d, b: *d, c: *d, d: *d}", "more than 10000 keys")]
    [InlineData("training:\n  seed: 1\n\tupdates: 2", "f.yaml, line 3: a tab")]
    public void Unsound_yaml_is_refused(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<UsageException>(() => YamlText.Read(text, "f.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void Counts_may_be_written_the_way_people_write_them()
    {
        using var cli = new CliFixture();
        Assert.Contains("updates: 1000000", cli.Run("train", "small", "--dry-run", "--set", "training.updates=1e6").Out, StringComparison.Ordinal);
        Assert.Contains("updates: 20000", cli.Run("train", "small", "--dry-run", "--set", "training.updates=20_000").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_shipped_preset_is_sound()
    {
        foreach (var preset in Composition.Catalog.Shipped.Presets.All)
        {
            var resolved = new ConfigurationResolver(Composition.Catalog.Shipped).Resolve(new ConfigurationRequest { Task = preset.Name });
            Assert.Equal(preset.Name, resolved.Text("task"));
        }
    }
}
