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

    // A terminal in row 2; with a limit of 4, D4RL's counter (1 after a terminal) ends episodes at rows 2, 5 and 9.
    [Fact]
    public void Without_timeouts_steps_are_counted_as_D4rl_counts_them()
    {
        var options = new DatasetReaderOptions { MaximumEpisodeSteps = 4, Name = "counted" };
        using var data = D4rlReader.Read(Fixture("d4rl-counted.hdf5"), options);
        Assert.Equal([0, 1, 2, 3, 4, 6, 7, 8, 10], All(data.Actions));
        Assert.Equal([0, 0, 1, 0, 0, 0, 0, 0, 0], All(data.Terminated));
        Assert.Equal([0, 0, 0, 0, 1, 0, 0, 1, 1], All(data.Truncated));
        Assert.Equal("counted", data.Metadata["name"]);
        Assert.Contains("every 4 steps", data.Metadata["episode_ends"], StringComparison.Ordinal);
        Assert.Equal([3L, 3, 4, 2], D4rlEpisodes.Read(Fixture("d4rl-counted.hdf5"), options).Select(episode => episode.Length));
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
    public void One_number_per_action_is_a_row_of_one()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a"], [0, 0, 0], [0, 0, 0], writer => writer.WriteSingles("actions", [3], [1, 2, 3]));
        using var data = D4rlReader.Read(folder["a"]);
        Assert.Equal(1, data.ActionSize);
        Assert.Equal([1, 2], All(data.Actions));
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
        Write(folder["rank"], [0, 0, 0], [0, 0, 0], writer => writer.WriteSingles("actions", [3, 1, 1], [1, 2, 3]));
        Assert.Contains("found numbers [3, 1, 1]", Refusal(folder["rank"]), StringComparison.Ordinal);
        Write(folder["text"], [0, 0, 0], [0, 0, 0], writer => writer.WriteText("actions", "left"));
        Assert.Contains("found text []", Refusal(folder["text"]), StringComparison.Ordinal);
        Write(folder["absent"], [0, 0, 0], [0, 0, 0], writer => { });
        Assert.Contains("dataset 'actions' is missing", Refusal(folder["absent"]), StringComparison.Ordinal);
        Write(folder["cut"], [0, 0, 0], [1, 1, 0]);
        Assert.Contains("none with a recorded successor", Refusal(folder["cut"]), StringComparison.Ordinal);
        Write(folder["one"], [0], [0]);
        Assert.Contains("has 1 rows; two or more", Refusal(folder["one"]), StringComparison.Ordinal);
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
        using var rows = Rows(Flags(0, 0, 0, 1));
        D4rlWriter.Write(folder["a"], rows, TestContext.Current.CancellationToken);
        D4rlWriter.Write(folder["b"], rows, TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["b"]));
        using var data = DatasetReader.Open(folder["a"]);
        Assert.Equal([0, 1, 4], All(data.Rewards));
        Assert.Equal([0, 0, 1], All(data.Truncated));
        Assert.Equal("hand", data.Metadata["source_algorithm"]);
        using var shorter = Rows(Flags(0, 0));
        Assert.Contains("'timeouts' has 2 values", Assert.Throws<OfqlException>(() => D4rlWriter.Write(folder["a"], shorter, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        using var wrong = Rows(Flags(0, 0, 2, 0));
        Assert.Contains("'timeouts' has 2 in row 2", Assert.Throws<OfqlException>(() => D4rlWriter.Write(folder["a"], wrong, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Equal("bool (4,) gzip 4 (4, 3) hand", Python.Require("""
            import sys, h5py
            with h5py.File(sys.argv[1]) as file:
                t = file["terminals"]
                print(t.dtype, t.shape, t.compression, t.compression_opts, file["infos/qpos"].shape, file["metadata/algorithm"][()].decode())
            """, folder["a"]));
    }

    // What D4RL's lists hold beside the plain layout: float64 throughout, N x 1 columns, terminals as floats, infos as a dataset,
    // a whole policy under metadata; and the published name of the file in place of a step limit.
    [Fact]
    public void Every_listed_variant_of_h5py_is_read()
    {
        using var folder = new TemporaryFolder();
        Python.Require("""
            import sys, h5py, numpy as np
            n = 8
            o, a, r = np.arange(2 * n).reshape(n, 2) / 4, np.arange(n).reshape(n, 1) / 8 - 0.5, np.arange(n)
            end, cut = np.isin(np.arange(n), [5]), np.isin(np.arange(n), [2])
            def write(name, end, cut, float=np.float32, column=False, more={}):
                with h5py.File(f"{sys.argv[1]}/{name}", "w") as file:
                    for key, value in dict(observations=o, actions=a).items():
                        file.create_dataset(key, data=value.astype(float), compression="gzip")
                    for key, value in dict(rewards=r.astype(float), terminals=end, timeouts=cut).items():
                        if value is not None:
                            file.create_dataset(key, data=value.reshape(n, 1) if column else value, compression="gzip")
                    for key, value in more.items():
                        file[key] = value
            write("replay", end, cut, np.float64, more={"metadata/algorithm": np.bytes_("SAC"), "metadata/iteration": np.int32(7)})
            write("columns", end, cut, column=True, more={"next_observations": np.zeros((n, 2), np.float32), "infos/qpos": np.zeros((n, 3)), "infos/action_log_probs": r})
            write("antmaze", end.astype(np.float64), cut, more={"infos/goal": np.ones((n, 2))})
            write("policy", end, cut, more={"metadata/policy/fc0/weight": np.zeros((4, 2)), "metadata/policy/nonlinearity": np.bytes_("relu")})
            write("mini_kitchen_microwave_kettle_light_slider-v0.hdf5", end.astype(np.float32), None, more={"infos": np.arange(n)})
            """, folder.Location);
        foreach (var name in (string[])["replay", "columns", "antmaze", "policy"])
        {
            using var data = DatasetReader.Open(folder[name]);
            Assert.Equal([0, 1, 3, 4, 5, 6], All(data.Rewards));
            Assert.Equal([0, 0, 0, 0, 1, 0], All(data.Terminated));
            Assert.Equal([0, 1, 0, 0, 0, 1], All(data.Truncated));
            Assert.Equal([0.5f, 0.75f], data.NextObservations[0].ToArray());
        }

        using var kitchen = DatasetReader.Open(folder["mini_kitchen_microwave_kettle_light_slider-v0.hdf5"]);
        Assert.Equal(7, kitchen.Count);
        Assert.Equal("terminals, and every 280 steps (the file has no timeouts)", kitchen.Metadata["episode_ends"]);
        Assert.Equal("kitchen-complete-v0 (by the name of the file)", kitchen.Metadata["published_task"]);
        Assert.StartsWith("CC BY 4.0", kitchen.Metadata["licence"], StringComparison.Ordinal);
        Assert.Equal("4", kitchen.Metadata["reference_maximum_return"]);
        Assert.Equal("relu", DatasetReader.Open(folder["policy"]).Metadata["source_policy_nonlinearity"]);
    }

    // Data generated here is never taken for D4RL's, whatever its file is called; facts keep their names over two conversions.
    [Fact]
    public void A_published_name_does_not_make_generated_data_published()
    {
        using var folder = new TemporaryFolder();
        using (var rows = Rows(Flags(0, 0, 0, 1), new() { ["generated"] = "true", ["random_key"] = "00", ["licence"] = "MIT" }))
            D4rlWriter.Write(folder["hopper_medium-v2.hdf5"], rows, TestContext.Current.CancellationToken);
        using var data = DatasetReader.Open(folder["hopper_medium-v2.hdf5"]);
        Assert.Equal("true", data.Metadata["source_generated"]);
        Assert.False(data.Metadata.ContainsKey("published_task"));
        using (var rows = D4rlRows.Of(data))
            D4rlWriter.Write(folder["again"], rows, TestContext.Current.CancellationToken);
        using var again = DatasetReader.Open(folder["again"]);
        Assert.Equal("MIT", Ofql.Formats.Published.PublishedFacts.LicenceOf(again.Metadata));
        Assert.Equal("again", again.Metadata["source_file"]);
    }

    // D4RL's own loop, written out below, on the same marks.
    [Fact]
    public void The_rows_are_those_of_D4rls_loop_with_and_without_timeouts()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(5);
        for (var trial = 0; trial < 20; trial++)
        {
            const int Count = 60;
            byte[] Marks(double share) => [.. Enumerable.Range(0, Count).Select(_ => random.NextDouble() < share ? (byte)1 : (byte)0)];
            var (terminals, timeouts, limit) = (Marks(0.1), Marks(0.1), random.Next(2, 9));
            Write(folder["with"], terminals, timeouts);
            Hdf5Writer.Write(folder["without"], writer =>
            {
                WriteColumns(writer, Count, null);
                writer.WriteFlags("terminals", [Count], terminals);
            });
            Assert.Equal(Reference(terminals, timeouts, limit), Rewards(folder["with"]));
            Assert.Equal(Reference(terminals, null, limit), Rewards(folder["without"]));
            float[] Rewards(string path)
            {
                using var data = D4rlReader.Read(path, new() { MaximumEpisodeSteps = limit });
                using var raw = new RawTrajectory
                {
                    Observations = Values(Count, 1, i => i), Actions = Values(Count, 1, i => i), Rewards = Values(Count, 1, i => i),
                    Terminals = Flags(terminals), Timeouts = path == folder["with"] ? Flags(timeouts) : null,
                };
                using var same = raw.ToTransitions(limit);
                Assert.Equal(DatasetFingerprint.Of(same), DatasetFingerprint.Of(data));
                return All(data.Rewards);
            }
        }

        static List<float> Reference(byte[] terminals, byte[]? timeouts, int limit)
        {
            var (kept, step) = (new List<float>(), 0);
            for (var row = 0; row < terminals.Length - 1; row++)
            {
                if (timeouts is null ? step == limit - 1 : timeouts[row] == 1)
                {
                    step = 0;
                    continue;
                }

                step = (terminals[row] == 1 ? 0 : step) + 1;
                kept.Add(row);
            }

            return kept;
        }
    }

    [Fact]
    public void Transitions_written_as_rows_come_back()
    {
        using var folder = new TemporaryFolder();
        using var data = new TransitionDataset(
            Values(5, 1, i => i), Values(5, 1, i => -i), Values(5, 1, i => 10 * i), Flags2(1, 9, 3, 4, 5), Flags(0, 0, 1, 0, 0), Flags(0, 0, 0, 0, 1),
            new Dictionary<string, string> { ["licence"] = "MIT" });
        using (var rows = D4rlRows.Of(data))
        {
            // After row 1, whose successor is not row 2, and after the last one stands a row with the successor.
            Assert.Equal([0, 1, 9, 2, 3, 4, 5], All(rows.Observations));
            Assert.Equal([0, 0, 1, 0, 0, 0, 1], All(rows.Timeouts!));
            D4rlWriter.Write(folder["a"], rows, TestContext.Current.CancellationToken);
        }

        using var back = DatasetReader.Open(folder["a"]);
        Assert.Equal(All(data.Observations), All(back.Observations));
        Assert.Equal(All(data.NextObservations), All(back.NextObservations));
        Assert.Equal(All(data.Actions), All(back.Actions));
        Assert.Equal(All(data.Rewards), All(back.Rewards));
        Assert.Equal(All(data.Terminated), All(back.Terminated));
        Assert.Equal([0, 1, 0, 0, 1], All(back.Truncated));
        Assert.Equal("MIT", back.Metadata["source_licence"]);

        static Column<float> Flags2(params float[] values) => Values(values.Length, 1, i => values[i]);
    }

    private static RawTrajectory Rows(Column<byte> timeouts, Dictionary<string, string>? metadata = null) => new()
    {
        Observations = Values(4, 2, i => i), Actions = Values(4, 1, i => -i), Rewards = Values(4, 1, i => i * i),
        Terminals = Flags(0, 1, 0, 0), Timeouts = timeouts,
        Infos = new Dictionary<string, Column<float>> { ["infos/qpos"] = Values(4, 3, i => i), ["infos/goal"] = Values(4, 2, i => i) },
        Metadata = metadata ?? new() { ["algorithm"] = "hand" },
    };

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
