using Xunit;

namespace Ofql.Cli.Tests;

public class UsageTests
{
    [Theory]
    [InlineData("tran", "Did you mean 'train'?")]
    [InlineData("train --sed 3", "Did you mean '--set'?")]
    [InlineData("train task --updats 3", "Did you mean '--updates'?")]
    [InlineData("train smal", "Did you mean 'small'?")]
    [InlineData("train small --set training.updats=3", "Did you mean 'training.updates'?")]
    [InlineData("train small --set agent.learning_rat=3", "Did you mean 'agent.learning_rate'?")]
    [InlineData("train small --set agent.learning_rate=fast", "expected a number")]
    [InlineData("train small --set training.updates=many", "training.updates is 'many' (--set); expected a whole number")]
    [InlineData("train small --set training.updates", "expected key=value")]
    [InlineData("train small --agent linea", "Did you mean 'linear'?")]
    [InlineData("train small --env pendulu", "Did you mean 'pendulum-v1'?")]
    [InlineData("train small --set training.updates=0", "training.updates is '0' (--set); expected a number of at least 1")]
    [InlineData("train small --set training.keep_checkpoints=0", "at least 1")]
    [InlineData("train small --set training.threads=-1", "at least 0")]
    [InlineData("train small --set training.value_limit=0", "above 0")]
    [InlineData("train small --set evaluation.episodes=0", "at least 1")]
    [InlineData("train small --set evaluation.episodes=99999999999", "at most 1000000")]
    [InlineData("train small --set evaluation.selection=sofmax", "Did you mean 'softmax'?")]
    [InlineData("train small --set data.action_low=1", "the first below the second")]
    [InlineData("train small --set agent.learning_rate=fast", "agent.learning_rate (--set): ")]
    [InlineData("train small --updates abc", "--updates is 'abc'; expected a whole number.")]
    [InlineData("train small --updates", "--updates needs a value: a whole number")]
    [InlineData("export run --runs -o x", "--runs needs a value: <folder>; found the option -o.")]
    [InlineData("train small --data a --data b", "--data is given 2 times (a, b)")]
    [InlineData("train small --set training=5", "It is a group")]
    [InlineData("train small --config .", "it is a folder")]
    [InlineData("data generate maze2d-umaze-v1 --rows 1", "--rows is 1")]
    [InlineData("evaluate x --threads 0", "--threads is 0")]
    [InlineData("evaluate x --episodes 0", "--episodes is 0")]
    [InlineData("bench --threads 9999", "--threads 9999: expected 1 to ")]
    [InlineData("train small --seeds 2..0", "such as 0..2")]
    [InlineData("train small --seeds 1,1", "twice")]
    [InlineData("train small --seed 1 --seeds 0..1", "exclude each other")]
    [InlineData("train small --seed x", "--seed")]
    [InlineData("train small --threads 0", "--threads is 0")]
    [InlineData("train small --name a/b", "not the name of a folder")]
    [InlineData("train small --sed 3 --help", "Did you mean '--set'?")]
    [InlineData("evaluate x --starts streets", "Did you mean 'streams'?")]
    [InlineData("evaluate x --candidates 999999999999", "a whole number of at most 2147483647")]
    [InlineData("evaluate x --picture a.png", "what is written is SVG")]
    [InlineData("evaluate x --animation a.svg", "ends with .html or .htm")]
    [InlineData("data generate maze2d-umaze-v1 -o a.csv", "Name a file ending with .safetensors")]
    [InlineData("train small", "needs a file")]
    [InlineData("train small --published hopper-medium-v2", "no settings of the agent 'linear' are published for it")]
    [InlineData("train small --config nowhere.yaml", "Cannot read the configuration")]
    [InlineData("train --agent linear", "There is no data to train on")]
    [InlineData("train --resume nothing", "There is no run 'nothing'")]
    [InlineData("evaluate nowhere", "no policy file 'nowhere'")]
    [InlineData("act nowhere 1 2 3", "no policy file 'nowhere'")]
    [InlineData("export nowhere --onnx x.onnx", "no policy file 'nowhere'")]
    [InlineData("data inspct x", "Did you mean 'inspect'?")]
    [InlineData("data generate maze2d-umaze-v9", "Did you mean 'maze2d-umaze-v")]
    [InlineData("data fetch", "Say which data")]
    [InlineData("data fetch hoper-medium-v2", "Did you mean 'hopper-medium-v2'?")]
    [InlineData("data fetch x --url http://a/b --mirror http://c", "exclude each other")]
    [InlineData("data fetch hopper-medium-v2 --list", "Leave one of them out")]
    [InlineData("evaluate x --selection=-1", "expected argmax or softmax")]
    [InlineData("evaluate x --selection argmax,softmax", "expected argmax or softmax")]
    [InlineData("act x --selection sofmax", "Did you mean 'softmax'?")]
    [InlineData("data fetch --url nowhere", "is no address")]
    [InlineData("data fetch --url http://localhost/", "does not end with the name of a file")]
    [InlineData("data fetch --url http://localhost/a.hdf5 --sha256 12 -o a.hdf5", "expected 64 hexadecimal digits")]
    [InlineData("data convert a.csv b.txt", "the ending says what to write")]
    [InlineData("data convert a.csv a.csv", "written over itself")]
    [InlineData("data convert a.csv b.npz --map nowhere.yaml", "Cannot read the column map")]
    [InlineData("data inspect a --maximum-episode-steps 0", "expected 1 or more")]
    [InlineData("list task", "Did you mean 'tasks'?")]
    [InlineData("export run", "Say what to write: --output <file>")]
    [InlineData("export run --value -o x", "it needs --onnx <file>")]
    [InlineData("export run -o x --onnx ./x", "expected two files")]
    [InlineData("export run --onnx", "--onnx needs a value: <file>")]
    [InlineData("export run --onx x", "Did you mean '--onnx'?")]
    [InlineData("export -o x", "needs <run>")]
    [InlineData("export run -o x.txt", "expected a name that ends with .safetensors")]
    [InlineData("export run --onnx x.safetensors", "expected a name that ends with .onnx")]
    [InlineData("train --set task=foo", "a task is named as the argument: ofql train foo")]
    [InlineData("train --agent linear --name -x --updates 1 --data d", "without a dash at the beginning")]
    [InlineData("train --agent linear --seeds 0..20000 --updates 1 --data d", "at most 10000 seeds")]
    [InlineData("bench --layers 1001", "expected 1 to 1000")]
    [InlineData("bench rows --folder nowhere/deep", "is not there")]
    [InlineData("evaluate", "run-or-policy")]
    [InlineData("bench --seconds x", "--seconds")]
    public void Misuse_ends_with_2_and_says_what_to_do(string line, string expected)
    {
        using var cli = new CliFixture();
        var arguments = line.Split(' ');
        if (arguments[0] == "train")
            arguments = [.. arguments, "--runs", cli.Runs];
        var (code, output, error) = cli.Run(arguments);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Empty(output);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data inspect nowhere.hdf5", "nowhere.hdf5")]
    [InlineData("train --agent linear --data nowhere.safetensors --env pendulum", "nowhere.safetensors")]
    public void Failure_ends_with_1_and_says_what_to_do(string line, string expected)
    {
        using var cli = new CliFixture();
        var (code, _, error) = cli.Run(line.Split(' '));
        Assert.Equal(1, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Debug_shows_the_stack_trace()
    {
        using var cli = new CliFixture();
        Assert.Contains("   at ", cli.Run("data", "inspect", "nowhere.hdf5", "--debug").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("train")]
    [InlineData("evaluate")]
    [InlineData("act")]
    [InlineData("data")]
    [InlineData("data inspect")]
    [InlineData("data generate")]
    [InlineData("data fetch")]
    [InlineData("data convert")]
    [InlineData("export")]
    [InlineData("list")]
    [InlineData("doctor")]
    [InlineData("bench")]
    public void Every_command_has_help_with_examples(string command)
    {
        using var cli = new CliFixture();
        var (code, output, _) = cli.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal(0, code);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.Contains($"ofql {command}".TrimEnd(), output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_alone_shows_its_help_and_counts_as_misuse()
    {
        using var cli = new CliFixture();
        var (code, output, _) = cli.Run("data");
        Assert.Equal(2, code);
        Assert.Contains("inspect", output, StringComparison.Ordinal);
        Assert.Equal(0, cli.Run().Code);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named()
    {
        using var cli = new CliFixture();
        File.WriteAllText(cli["file"], "in the way");
        var (code, _, error) = cli.Run("train", "--data", cli.Data, "--agent", "linear", "--runs", cli["file"]);
        Assert.Equal(1, code);
        Assert.Contains("--runs", error, StringComparison.Ordinal);
        Assert.Equal(1, cli.Run("doctor", "--runs", cli["file"]).Code);
    }

    [Fact]
    public void The_doctor_leaves_nothing_behind()
    {
        using var cli = new CliFixture();
        Assert.Equal(0, cli.Run("doctor", "--runs", cli["new/deep/runs"]).Code);
        Assert.False(Directory.Exists(cli["new"]));
    }
}
