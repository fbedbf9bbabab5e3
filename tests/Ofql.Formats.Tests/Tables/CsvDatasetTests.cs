using System.Text;
using Ofql.Formats.Tables;
using Ofql.Formats.Datasets;
using Xunit;
using static Ofql.Formats.Tests.TestData;

namespace Ofql.Formats.Tests.Tables;

public sealed class CsvDatasetTests
{
    private static readonly CsvColumnMap Map = new()
    {
        Observations = ["speed", "angle"], Actions = ["torque"], Reward = "profit", Terminated = "done", Episode = "run",
    };

    [Fact]
    public void A_dataset_comes_back_bit_for_bit()
    {
        using var folder = new TemporaryFolder();
        using var data = Dataset();
        data.Observations.Writable(1)[1] = 1e-38f;
        data.Observations.Writable(2)[0] = float.MaxValue;
        data.Rewards.Writable(3)[0] = -0.1f;
        CsvDataset.Save(data, folder["a.csv"]);
        using var back = DatasetReader.Open(folder["a.csv"]);
        Assert.Equal(DatasetFingerprint.Of(data), DatasetFingerprint.Of(back));
        Assert.StartsWith("observations_0,observations_1,observations_2,actions_0,actions_1,reward,next_observations_0", File.ReadAllText(folder["a.csv"]), StringComparison.Ordinal);
    }

    // Two runs: the first ends by itself, the second is cut; the rows of a run follow one another.
    [Fact]
    public void Logs_become_transitions_by_the_declared_map()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log"], "\uFEFFrun;note;speed;angle;torque;profit;done\r\n"
            + "a;\"x; y\";1;10;0.5;1;0\r\na;z;2;20;-0.5;2;true\r\nb;;3;30;1e-1;3;0\r\n\r\nb;;4;40;0;4;False\r\nb;;5;50;0;5;0\r\n", Encoding.UTF8);
        using var data = DatasetReader.Open(folder["log"], new() { Columns = Map });
        Assert.Equal([1, 2, 3, 4], All(data.Rewards));
        Assert.Equal([0, 1, 0, 0], All(data.Terminated));
        Assert.Equal([0, 0, 0, 1], All(data.Truncated));
        Assert.Equal([2, 20, 2, 20, 4, 40, 5, 50], All(data.NextObservations));
        Assert.Equal([0.5f, -0.5f, 0.1f, 0], All(data.Actions));
        Assert.Equal("terminated: done; an episode ends where run changes", data.Metadata["episode_ends"]);
        Assert.Equal("speed, angle", data.Metadata["observation_parts"]);
    }

    [Fact]
    public void Stars_name_columns_in_the_order_of_the_file_and_successors_make_transitions()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log"], "s_b\ts_a\tu\tr\tn_b\tn_a\tid\n1\t2\t0\t5\t3\t4\t1\n9\t9\t0\t6\t8\t8\t2\n");
        using var data = DatasetReader.Open(folder["log"], new() { Columns = new() { Observations = ["s_*"], Actions = ["u"], Reward = "r", NextObservations = ["n_*"], Episode = "id" } });
        Assert.Equal([1, 2, 9, 9], All(data.Observations));
        Assert.Equal([3, 4, 8, 8], All(data.NextObservations));
        Assert.Equal([1, 0], All(data.Truncated));
    }

    [Fact]
    public void The_last_row_of_an_episode_needs_no_action_and_lines_may_end_with_a_carriage_return_alone()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log"], "run,speed,angle,torque,profit,done\ra,1,10,0.5,1,0\ra,2,20,,,0\rb,3,30,1,2,0\rb,4,40,nan,,0\r");
        using var data = DatasetReader.Open(folder["log"], new() { Columns = Map });
        Assert.Equal([0.5f, 1], All(data.Actions));
        Assert.Equal([2, 20, 4, 40], All(data.NextObservations));
    }

    [Theory]
    [InlineData("run,speed,angle,torque,profit\na,1,2,3,4\n", "has no column 'done', wanted as terminated")]
    [InlineData("run,speed,angle,torque,profits,done\na,1,2,3,4,0\n", "Did you mean 'profits'?")]
    [InlineData("run,speed,speed,angle,torque,profit,done\na,1,1,2,3,4,0\n", "two columns 'speed'")]
    [InlineData("run,speed,angle,torque,profit,done\na,1,2,3,4,0\na,1,2,3,4\n", "line 3: expected 6 fields as in the first line, found 5")]
    [InlineData("run,speed,angle,torque,profit,done\na,1,2,3,4,0\na,fast,2,3,4,0\n", "line 3, column 'speed': expected a number such as -0.5, found \"fast\"")]
    [InlineData("run,speed,angle,torque,profit,done\na,1,2,3,4,maybe\n", "line 2, column 'done': expected 0, 1, true or false")]
    [InlineData("run,speed,angle,torque,profit,done\na,1,,3,4,0\na,1,2,3,4,0\n", "line 2, column 'angle': expected a finite number such as -0.5, found \"\"")]
    [InlineData("run,speed,angle,torque,profit,done\na,1,2,3,4,0\na,1,NaN,3,4,0\na,1,2,3,4,0\n", "line 3, column 'angle': expected a finite number such as -0.5, found \"NaN\"")]
    [InlineData("run,speed,angle,torque,profit,done\na,1,\"2\"x,3,4,0\na,1,2,3,4,0\n", "at or before line 2: a quotation mark")]
    [InlineData("run,speed,angle,torque,profit,done\na,1,2,3,4,0\nb,1,2,3,4,0\n", "none with a recorded successor")]
    [InlineData("run,speed,angle,torque,profit,done\n", "but no rows")]
    public void What_is_wrong_is_named_with_its_place(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log"], text);
        var message = Assert.Throws<OfqlException>(() => DatasetReader.Open(folder["log"], new() { Columns = Map })).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(folder["log"], message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_has_one_meaning()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log.csv"], "run,speed,angle,torque,profit,done\na,1,2,3,4,0\na,1,2,3,4,0\n");
        Refused("'torque' in observations and in actions", Map with { Observations = ["speed", "torque"] });
        Refused("'torque' in actions and in reward", Map with { Reward = "torque" });
        Refused("'speed' twice in observations", Map with { Observations = ["speed", "speed"] });
        Refused("'done' in terminated and in truncated", Map with { Truncated = "done" });
        Refused("'torque' in observations and in actions", Map with { Observations = ["*"] });
        Refused("'profit' in reward and in time", Map with { Time = "profit" });
        DatasetReader.Open(folder["log.csv"], new() { Columns = Map with { Time = "speed" } }).Dispose();

        void Refused(string words, CsvColumnMap map) =>
            Assert.Contains(words, Assert.Throws<OfqlException>(() => DatasetReader.Open(folder["log.csv"], new() { Columns = map })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0,0.1,0.2,0.3,5,5.1,5.2")]
    [InlineData("2026-11-30T10:00:00Z,2026-11-30T11:00:00.1+01:00,2026-11-30 10:00:00.2,2026-11-30T10:00:00.3,2026-11-30T10:00:05,2026/11/30 10:00:05.1,2026-11-30T10:00:05.2")]
    public void Rows_that_are_missing_between_two_end_an_episode_where_the_map_says_so(string times)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log"], "t,s,a,r\n" + string.Concat(times.Split(',').Select((time, row) => $"{time},{row},0,{row}\n")));
        var map = new CsvColumnMap { Observations = ["s"], Actions = ["a"], Reward = "r", Time = "t" };
        using (var whole = DatasetReader.Open(folder["log"], new() { Columns = map }))
        {
            Assert.Equal([0, 1, 2, 3, 4, 5], All(whole.Rewards));
            Assert.Equal(("1", "0.1", "t"), (whole.Metadata[CsvDataset.TimeGaps], whole.Metadata[CsvDataset.TimeStep], whole.Metadata["time"]));
        }

        using var cut = DatasetReader.Open(folder["log"], new() { Columns = map with { MaximumGap = 1 } });
        Assert.Equal([0, 1, 2, 4, 5], All(cut.Rewards));
        Assert.Equal([1, 2, 3, 5, 6], All(cut.NextObservations));
        Assert.Equal([0, 0, 1, 0, 1], All(cut.Truncated));
        Assert.Equal("1", cut.Metadata["episodes_ended_by_gaps"]);
        Assert.False(cut.Metadata.ContainsKey(CsvDataset.TimeGaps));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_764_518_700)]
    public void A_regular_clock_has_no_gaps_whatever_its_times_are_rounded_by(long begin)
    {
        using var folder = new TemporaryFolder();
        foreach (var hertz in (int[])[5, 10, 20, 50])
        {
            var rows = Enumerable.Range(0, 1000).Select(row => FormattableString.Invariant($"{begin + (row / (decimal)hertz)},{row},0,{row}\n"));
            File.WriteAllText(folder["log"], "t,s,a,r\n" + string.Concat(rows));
            var map = new CsvColumnMap { Observations = ["s"], Actions = ["a"], Reward = "r", Time = "t", MaximumGap = 1.0 / hertz };
            using var cut = DatasetReader.Open(folder["log"], new() { Columns = map });
            Assert.Equal((999, "0"), (cut.Count, cut.Metadata["episodes_ended_by_gaps"]));
            // A third of the steps is three as long.
            var thinned = Enumerable.Range(0, 900).Where(row => row % 3 == 0 || row < 600).Select(row => FormattableString.Invariant($"{begin + (row / (decimal)hertz)},{row},0,{row}\n"));
            File.WriteAllText(folder["log"], "t,s,a,r\n" + string.Concat(thinned));
            using var thin = DatasetReader.Open(folder["log"], new() { Columns = map with { MaximumGap = null } });
            Assert.Equal("0", thin.Metadata[CsvDataset.TimeGaps]);
        }
    }

    [Fact]
    public void A_clock_in_whole_seconds_shows_gaps_too()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log"], "t,s,a,r\n" + string.Concat(Enumerable.Range(0, 100).Select(row => $"{(row / 10) + (row < 50 ? 0 : 3600)},{row},0,{row}\n")));
        using var data = DatasetReader.Open(folder["log"], new() { Columns = new() { Observations = ["s"], Actions = ["a"], Reward = "r", Time = "t" } });
        Assert.Equal(("1", "1"), (data.Metadata[CsvDataset.TimeGaps], data.Metadata[CsvDataset.TimeStep]));
    }

    [Theory]
    [InlineData("speed|angle|torque|profit|done|run", '|', null)]
    [InlineData("speed|angle|torque|profit|done|run", '|', '|')]
    [InlineData("speed;angle;torque;profit;\"done, in all, or not, or, or, or\";run", ';', null)]
    [InlineData("speed;angle;torque, left, in N, of the arm, upper;profit;done;run", ';', null)]
    public void The_character_between_the_fields_is_found_by_the_names(string header, char separator, char? declared)
    {
        using var folder = new TemporaryFolder();
        var fields = header.Split(';', '|');
        File.WriteAllText(folder["log"], $"{header}\n{string.Join(separator, 1, 2, 3, 4, 0, "a")}\n{string.Join(separator, 5, 6, 7, 8, 0, "a")}\n");
        using var data = DatasetReader.Open(folder["log"], new() { Columns = new() { Observations = ["speed", "angle"], Actions = [fields[2]], Reward = "profit", Episode = "run", Delimiter = declared } });
        Assert.Equal([1, 2], All(data.Observations));
        Assert.Equal([fields[2]], data.ActionParts);
        Assert.Contains("delimiter is ' '", Assert.Throws<OfqlException>(() => DatasetReader.Open(folder["log"], new() { Columns = Map with { Delimiter = ' ' } })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Time_goes_on_within_an_episode_and_begins_anew_with_the_next()
    {
        using var folder = new TemporaryFolder();
        var map = new CsvColumnMap { Observations = ["s"], Actions = ["a"], Reward = "r", Time = "t", Episode = "e", Terminated = "d" };
        Assert.Equal([0, 1, 3, 4], Rewards("0,e,0\n1,e,0\n2,e,0\n0,f,0\n0,f,0\n9,f,0\n"));
        Assert.Equal([0, 1, 2, 3, 4], Rewards("0,e,0\n1,e,0\n2,e,1\n0,e,0\n1,e,0\n2,e,0\n"));
        Refused("line 3, column 't': the time goes back, to \"0\"", "1,e,0\n0,e,0\n");
        Refused("line 3, column 't': found a number, \"7\", where the rows before have dates", "2026-01-01,e,0\n7,e,0\n");
        Refused("expected a time, as a number or as a date", "03/04/2026,e,0\n");
        Refused("expected a time", ",e,0\n");
        map = map with { Time = null, MaximumGap = 1 };
        Refused("but names no column of the time", "0,e,0\n1,e,0\n");

        float[] Rewards(string rows)
        {
            Write(rows);
            using var data = DatasetReader.Open(folder["log"], new() { Columns = map });
            return All(data.Rewards);
        }

        void Refused(string words, string rows)
        {
            Write(rows);
            Assert.Contains(words, Assert.Throws<OfqlException>(() => DatasetReader.Open(folder["log"], new() { Columns = map })).Message, StringComparison.Ordinal);
        }

        void Write(string rows) => File.WriteAllText(folder["log"], "t,e,d,s,a,r\n" + string.Concat(rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((row, i) => $"{row},{i},0,{i}\n")));
    }

    [Fact]
    public void A_number_beyond_single_precision_and_another_encoding_are_named()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log.csv"], "run,speed,angle,torque,profit,done\na,1,2,3,1e300,0\na,1,2,3,4,0\n");
        Assert.Contains("below 3.4e38 in size, found \"1e300\"", Assert.Throws<OfqlException>(() => DatasetReader.Open(folder["log.csv"], new() { Columns = Map })).Message, StringComparison.Ordinal);
        foreach (var encoding in (Encoding[])[Encoding.Latin1, Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            File.WriteAllText(folder["other.csv"], "run,größe,angle\n1,2,3\n", encoding);
            Assert.Contains("another encoding than UTF-8", Assert.Throws<OfqlException>(() => DatasetReader.Open(folder["other.csv"], new() { Columns = Map })).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Damaged_files_give_data_or_an_error()
    {
        using var folder = new TemporaryFolder();
        using (var data = Dataset())
            CsvDataset.Save(data, folder["sound"]);
        var sound = File.ReadAllBytes(folder["sound"]);
        for (var file = 0; file < 400; file++)
        {
            var random = new Random(file);
            var bytes = file % 4 == 0 ? sound[..random.Next(1, sound.Length)] : [.. sound];
            for (var change = random.Next(1, 8); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : "\",\n-e.0"[random.Next(7)]);
            var path = folder[$"mutant{file}"];
            File.WriteAllBytes(path, bytes);
            try
            {
                DatasetReader.Open(path).Dispose();
                CsvDataset.Read(path).Dispose();
            }
            catch (OfqlException)
            {
                // Refused, as it should be.
            }
        }
    }
}
