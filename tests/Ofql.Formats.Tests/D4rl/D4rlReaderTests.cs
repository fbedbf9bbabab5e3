using Ofql.Data;
using Ofql.Formats.D4rl;
using Ofql.Formats.Datasets;
using Ofql.Formats.Hdf5;
using Ofql.Formats.Tests.Hdf5;
using Xunit;
using static Ofql.Formats.Tests.TestData;

namespace Ofql.Formats.Tests.D4rl;

public sealed class D4rlReaderTests
{
    public D4rlReaderTests() => NativeHdf5.Require();

    // Rows 0-3: cut by a timeout. 4-6: a terminal. 7-9: a timeout. 10, 11: the file ends. Left: 0 1 2 | 4 5 6 | 7 8 | 10.
    [Fact]
    public void Transitions_follow_the_rules_of_qlearning_dataset()
    {
        using var data = DatasetReader.Open(Fixture("d4rl-small.hdf5"));
        Assert.Equal([0, 1, 2, 4, 5, 6, 7, 8, 10], All(data.Rewards));
        Assert.Equal([0, 0, 0, 0, 0, 1, 0, 0, 0], All(data.Terminated));
        Assert.Equal([0, 0, 1, 0, 0, 0, 0, 1, 1], All(data.Truncated));
        for (var i = 0; i < data.Count; i++)
        {
            var row = data.Rewards[i][0];
            Assert.Equal([row / 4, row / 4 + 0.125f], data.Observations[i].ToArray());
            Assert.Equal([(row + 1) / 4, (row + 1) / 4 + 0.125f], data.NextObservations[i].ToArray());
            Assert.Equal([-(3 * row) / 512, -(3 * row + 1) / 512, -(3 * row + 2) / 512], data.Actions[i].ToArray());
        }

        Assert.Equal("d4rl-small", data.Metadata["name"]);
        Assert.Equal("d4rl-small.hdf5", data.Metadata["source_file"]);
        Assert.Equal(D4rlReader.Semantics, data.Metadata["semantics"]);
        Assert.Equal("9", data.Metadata["rows"]);
        Assert.Equal("12", data.Metadata["rows_in_file"]);
        Assert.Equal("2", data.Metadata["rows_dropped_at_timeouts"]);
        Assert.Equal("SAC", data.Metadata["source_algorithm"]);
        Assert.Equal("für Prüfungen", data.Metadata["source_note"]);
    }

    [Fact]
    public void Episodes_are_counted_before_any_row_is_dropped()
    {
        Assert.Equal(
            [new(0, 4, 6, false, true), new(4, 3, 15, true, false), new(7, 3, 24, false, true), new(10, 2, 21, false, false)],
            D4rlEpisodes.Read(Fixture("d4rl-small.hdf5")));
    }

    // A terminal in row 2; with a limit of 4, episodes are 0-2, 3-6, 7-10, 11.
    [Fact]
    public void Without_timeouts_steps_are_counted_from_every_episodes_first_row()
    {
        var options = new DatasetReaderOptions { MaximumEpisodeSteps = 4, Name = "counted" };
        using var data = D4rlReader.Read(Fixture("d4rl-counted.hdf5"), options);
        Assert.Equal([0, 1, 2, 3, 4, 5, 7, 8, 9], All(data.Actions));
        Assert.Equal([0, 0, 1, 0, 0, 0, 0, 0, 0], All(data.Terminated));
        Assert.Equal([0, 0, 0, 0, 0, 1, 0, 0, 1], All(data.Truncated));
        Assert.Equal("counted", data.Metadata["name"]);
        Assert.Contains("every 4 steps", data.Metadata["episode_ends"], StringComparison.Ordinal);
        Assert.Equal([3L, 4, 4, 1], D4rlEpisodes.Read(Fixture("d4rl-counted.hdf5"), options).Select(episode => episode.Length));
        Assert.Contains("has no 'timeouts'", Refusal(Fixture("d4rl-counted.hdf5")), StringComparison.Ordinal);
        Assert.Contains("expected 1 or more", Refusal(Fixture("d4rl-counted.hdf5"), new() { MaximumEpisodeSteps = 0 }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_one_row_episode_after_a_terminal_leaves_that_terminal_alone()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a"], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]);
        using var data = D4rlReader.Read(folder["a"]);
        Assert.Equal([0, 1, 3], All(data.Rewards));
        Assert.Equal([0, 1, 0], All(data.Terminated));
        Assert.Equal([0, 0, 1], All(data.Truncated));
    }

    [Fact]
    public void What_cannot_be_learned_from_is_refused_with_its_place()
    {
        using var folder = new TemporaryFolder();
        Write(folder["nan"], [0, 0, 0], [0, 0, 0], writer => writer.WriteSingles("actions", [3, 1], [1, float.NaN, float.NaN]));
        Assert.Contains("column 'actions': 2 of 3 values are NaN or infinite, the first in row 1", Refusal(folder["nan"]), StringComparison.Ordinal);
        D4rlReader.Read(folder["nan"], new() { AllowNonFinite = true }).Dispose();
        Write(folder["rows"], [0, 0, 0], [0, 0, 0], writer => writer.WriteSingles("actions", [2, 1], [1, 2]));
        Assert.Contains("dataset 'actions': expected numbers of shape [3, width]", Refusal(folder["rows"]), StringComparison.Ordinal);
        Write(folder["rank"], [0, 0, 0], [0, 0, 0], writer => writer.WriteSingles("actions", [3], [1, 2, 3]));
        Assert.Contains("found numbers [3]", Refusal(folder["rank"]), StringComparison.Ordinal);
        Write(folder["text"], [0, 0, 0], [0, 0, 0], writer => writer.WriteText("actions", "left"));
        Assert.Contains("found text []", Refusal(folder["text"]), StringComparison.Ordinal);
        Write(folder["absent"], [0, 0, 0], [0, 0, 0], writer => { });
        Assert.Contains("dataset 'actions' is missing", Refusal(folder["absent"]), StringComparison.Ordinal);
        Write(folder["cut"], [0, 0, 0], [1, 1, 0]);
        Assert.Contains("none with a recorded successor", Refusal(folder["cut"]), StringComparison.Ordinal);
        Write(folder["one"], [0], [0]);
        Assert.Contains("has 1 rows; two or more", Refusal(folder["one"]), StringComparison.Ordinal);
        Hdf5Writer.Write(folder["minari"], writer => writer.WriteSingles("episode_0/rewards", [1], [1]));
        Assert.Contains("looks like a Minari file", Refusal(folder["minari"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Flags_other_than_0_and_1_are_refused()
    {
        using var folder = new TemporaryFolder();
        Hdf5Writer.Write(folder["a"], writer =>
        {
            WriteColumns(writer, 3, null);
            writer.WriteSingles("terminals", [3], [0, 0, 0.5f]);
            writer.WriteFlags("timeouts", [3], [0, 0, 0]);
        });
        Assert.Contains("column 'terminals', row 2: expected 0 or 1, found 0.5", Refusal(folder["a"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_written_file_is_read_back_and_python_sees_flags_as_bool()
    {
        using var folder = new TemporaryFolder();
        var columns = new D4rlColumns
        {
            Observations = Values(4, 2, i => i), Actions = Values(4, 1, i => -i), Rewards = Values(4, 1, i => i * i),
            Terminals = Flags(0, 1, 0, 0), Timeouts = Flags(0, 0, 0, 1),
            Infos = new Dictionary<string, Column<float>> { ["qpos"] = Values(4, 3, i => i), ["goal"] = Values(4, 2, i => i) },
            Metadata = new Dictionary<string, string> { ["algorithm"] = "hand" },
        };
        D4rlWriter.Write(folder["a"], columns);
        D4rlWriter.Write(folder["b"], columns);
        Assert.Equal(File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["b"]));
        using var data = DatasetReader.Open(folder["a"]);
        Assert.Equal([0, 1, 4], All(data.Rewards));
        Assert.Equal([0, 0, 1], All(data.Truncated));
        Assert.Equal("hand", data.Metadata["source_algorithm"]);
        using var shorter = Flags(0, 0);
        Assert.Contains("'timeouts' has 2 values", Assert.Throws<OfqlException>(() => D4rlWriter.Write(folder["a"], columns with { Timeouts = shorter })).Message, StringComparison.Ordinal);
        using var wrong = Flags(0, 0, 2, 0);
        Assert.Contains("row 2 has a terminal or timeout other", Assert.Throws<OfqlException>(() => D4rlWriter.Write(folder["a"], columns with { Timeouts = wrong })).Message, StringComparison.Ordinal);
        Assert.Equal("bool (4,) gzip 4 (4, 3) hand", Python.Require("""
            import sys, h5py
            with h5py.File(sys.argv[1]) as file:
                t = file["terminals"]
                print(t.dtype, t.shape, t.compression, t.compression_opts, file["infos/qpos"].shape, file["metadata/algorithm"][()].decode())
            """, folder["a"]));
    }

    private static void Write(string path, byte[] terminals, byte[] timeouts, Action<Hdf5Writer>? actions = null)
        => Hdf5Writer.Write(path, writer =>
        {
            WriteColumns(writer, terminals.Length, actions);
            writer.WriteFlags("terminals", [terminals.Length], terminals);
            writer.WriteFlags("timeouts", [timeouts.Length], timeouts);
        });

    private static void WriteColumns(Hdf5Writer writer, int rows, Action<Hdf5Writer>? actions)
    {
        float[] numbers = [.. Enumerable.Range(0, rows)];
        writer.WriteSingles("observations", [rows, 1], numbers);
        writer.WriteSingles("rewards", [rows], numbers);
        if (actions is null)
            writer.WriteSingles("actions", [rows, 1], numbers);
        else
            actions(writer);
    }

    private static string Refusal(string path, DatasetReaderOptions? options = null)
        => Assert.Throws<OfqlException>(() => DatasetReader.Open(path, options)).Message;
}
