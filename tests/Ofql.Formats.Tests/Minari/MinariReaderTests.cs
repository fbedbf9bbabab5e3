using Ofql.Formats.Datasets;
using Ofql.Formats.Hdf5;
using Ofql.Formats.Minari;
using Ofql.Formats.Published;
using Ofql.Formats.Tests.Hdf5;
using Xunit;
using static Ofql.Formats.Tests.TestData;

namespace Ofql.Formats.Tests.Minari;

public sealed class MinariReaderTests
{
    public MinariReaderTests() => NativeHdf5.Require();

    // Written as Minari's own storage does: h5py, creation order tracked at the root, extensible chunks, T + 1 observations.
    private const string Script = """
        import sys, json, os, h5py, numpy as np
        folder, kind = sys.argv[1], sys.argv[2]
        os.makedirs(folder + "/data")
        lengths, dense = ([3, 2, 4], kind != "dict")
        lengths = lengths if len(sys.argv) < 4 else [2] * int(sys.argv[3])
        with h5py.File(folder + "/data/main_data.hdf5", "w", track_order=True) as file:
            row = 0
            for e, t in enumerate(lengths):
                g = file.create_group(f"episode_{e}")
                g.attrs["id"], g.attrs["total_steps"], g.attrs["seed"] = e, t, 100 + e
                ids = row + np.arange(t + 1) + 1000 * e
                wide = np.stack([ids, -ids], 1).astype(np.float64)
                if dense:
                    g.create_dataset("observations", data=wide, chunks=True, maxshape=(None, 2))
                else:
                    o = g.create_group("observations")
                    o["observation"] = wide
                    o["achieved_goal"] = ids.reshape(-1, 1).astype(np.float32) / 2
                    for i in (0, 2, 10):
                        o[f"tuple/_index_{i}"] = np.full((t + 1, 1), i, np.int64)
                g.create_dataset("actions", data=np.arange(row, row + t, dtype=np.float32).reshape(t, 1) / 8, chunks=True, maxshape=(None, 1))
                g["rewards"] = np.arange(row, row + t, dtype=np.float64)
                g["terminations"] = np.isin(np.arange(t), [t - 1] if e == 0 else [])
                g["truncations"] = np.isin(np.arange(t), [t - 1] if e == 1 else [])
                g["infos/qpos"] = np.zeros((t + 1, 3))
                row += t
        space = {"type": "Discrete", "start": 0, "n": 3} if kind == "discrete" else {"type": "Box", "dtype": "float32", "shape": [1], "low": [-1], "high": [1]}
        with open(folder + "/data/metadata.json", "w") as file:
            json.dump({"dataset_id": "mujoco/thing/medium-v0", "author": "me", "algorithm_name": "SAC", "minari_version": "0.5.2", "total_episodes": len(lengths),
                       "action_space": json.dumps(space), "ref_min_score": -10.0, "ref_max_score": 30.0}, file)
        """;

    [Fact]
    public void Every_step_is_kept_and_the_two_ends_stay_apart()
    {
        using var folder = new TemporaryFolder();
        Python.Require(Script, folder["set"], "box");
        using var data = DatasetReader.Open(folder["set"]);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8], All(data.Rewards));
        Assert.Equal([0, 0, 1, 0, 0, 0, 0, 0, 0], All(data.Terminated));
        Assert.Equal([0, 0, 0, 0, 1, 0, 0, 0, 1], All(data.Truncated));
        Assert.Equal([0, 1, 2, 1003, 1004, 2005, 2006, 2007, 2008], All(data.Observations).Where((_, i) => i % 2 == 0));
        Assert.Equal([1, 2, 3, 1004, 1005, 2006, 2007, 2008, 2009], All(data.NextObservations).Where((_, i) => i % 2 == 0));
        Assert.Equal("mujoco/thing/medium-v0", data.Metadata["name"]);
        Assert.Equal("SAC", data.Metadata["source_algorithm_name"]);
        Assert.Equal("100, 101, 102", data.Metadata["episode_seeds"]);
        Assert.Equal("1", data.Metadata["episodes_without_end_mark"]);
        Assert.Equal(50, PublishedFacts.ScoreOf(data.Metadata)!.Normalize(10));
        using var same = DatasetReader.Open(folder["set/data/main_data.hdf5"]);
        Assert.Equal(DatasetFingerprint.Of(data), DatasetFingerprint.Of(same));
    }

    [Fact]
    public void Dictionaries_and_tuples_are_flattened_by_name_and_number()
    {
        using var folder = new TemporaryFolder();
        Python.Require(Script, folder["set"], "dict");
        using var data = DatasetReader.Open(folder["set"]);
        Assert.Equal(
            "observations/achieved_goal (1), observations/observation (2), observations/tuple/_index_0 (1), observations/tuple/_index_2 (1), "
            + "observations/tuple/_index_10 (1)",
            data.Metadata["observation_layout"]);
        Assert.Equal(
            ["observations/achieved_goal", "observations/observation[0]", "observations/observation[1]", "observations/tuple/_index_0", "observations/tuple/_index_2", "observations/tuple/_index_10"],
            data.ObservationParts);
        Assert.Empty(data.ActionParts);
        Assert.Equal([501.5f, 1003, -1003, 0, 2, 10], data.Observations[3].ToArray());
        Assert.Equal([502, 1004, -1004, 0, 2, 10], data.NextObservations[3].ToArray());
    }

    [Fact]
    public void Thousands_of_episodes_are_read_in_the_order_of_their_numbers()
    {
        using var folder = new TemporaryFolder();
        Python.Require(Script, folder["set"], "box", "3000");
        using var data = DatasetReader.Open(folder["set"]);
        Assert.Equal(6000, data.Count);
        Assert.Equal(Enumerable.Range(0, 6000).Select(i => (float)i), All(data.Rewards));
    }

    // As old releases keep what was added later: files beside the first, which links to their episodes.
    [Fact]
    public void Episodes_in_linked_files_are_read_and_missing_ones_are_not_passed_over()
    {
        using var folder = new TemporaryFolder();
        Python.Require(Script, folder["set"], "box");
        using var whole = DatasetReader.Open(folder["set"]);
        const string Split = """
            import sys, os, h5py
            os.rename(sys.argv[1] + "/main_data.hdf5", sys.argv[1] + "/additional_data_0.hdf5")
            with h5py.File(sys.argv[1] + "/additional_data_0.hdf5", "r") as later, h5py.File(sys.argv[1] + "/main_data.hdf5", "w", track_order=True) as first:
                later.copy("episode_0", first)
                for e in range(1, len(later)):
                    first[f"episode_{e}"] = h5py.ExternalLink("additional_data_0.hdf5", f"/episode_{e}")
            """;
        Python.Require(Split, folder["set/data"]);
        using (var linked = DatasetReader.Open(folder["set"]))
            Assert.Equal(DatasetFingerprint.Of(whole), DatasetFingerprint.Of(linked));
        File.Delete(folder["set/data/additional_data_0.hdf5"]);
        Assert.Contains("holds 1 episodes; expected 3, as its total_episodes states", Refusal(folder["set"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Discrete_actions_and_wrong_layouts_are_refused_with_their_place()
    {
        using var folder = new TemporaryFolder();
        Python.Require(Script, folder["discrete"], "discrete");
        Assert.Contains("actions of the kind 'Discrete'; expected continuous", Refusal(folder["discrete"]), StringComparison.Ordinal);
        Write(folder["a"], observations: 3);
        using (var sound = DatasetReader.Open(folder["a"]))
            Assert.Equal(2, sound.Count);
        Write(folder["b"], observations: 2);
        Assert.Contains("dataset 'episode_0/observations': expected numbers of shape [3, 1]", Refusal(folder["b"]), StringComparison.Ordinal);
        Write(folder["c"], observations: 3, without: "truncations");
        Assert.Contains("group 'episode_0': 'truncations' is missing", Refusal(folder["c"]), StringComparison.Ordinal);
        Write(folder["d"], observations: 3, termination: 3);
        Assert.Contains("column 'episode_0/terminations', row 1: expected 0 or 1, found 3", Refusal(folder["d"]), StringComparison.Ordinal);
        Write(folder["e"], observations: 3, action: float.NaN);
        Assert.Contains("column 'actions': 1 of 2 values are NaN", Refusal(folder["e"]), StringComparison.Ordinal);
        Assert.Contains("not in the Minari layout", Assert.Throws<OfqlException>(() => MinariReader.Read(Fixture("d4rl-small.hdf5"))).Message, StringComparison.Ordinal);
    }

    private static void Write(string path, int observations, string without = "", float termination = 0, float action = 0) => Hdf5Writer.Write(path, writer =>
    {
        void Add(string name, long[] shape, float[] values)
        {
            if (name != without)
                writer.WriteSingles("episode_0/" + name, shape, values);
        }

        Add("observations", [observations, 1], new float[observations]);
        Add("actions", [2, 1], [0, action]);
        Add("rewards", [2], [1, 2]);
        Add("terminations", [2], [0, termination]);
        Add("truncations", [2], [0, 0]);
    });

    private static string Refusal(string path) => Assert.Throws<OfqlException>(() => DatasetReader.Open(path)).Message;
}
