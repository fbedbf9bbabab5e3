using Ofql.Data;
using Ofql.Formats.Datasets;
using Ofql.Formats.Hdf5;
using Ofql.Formats.Published;

namespace Ofql.Formats.D4rl;

/// <summary>Where the episodes of a D4RL file end: its terminals, and its timeouts or what a step counter puts in their place.</summary>
internal sealed class D4rlMarks : IDisposable
{
    private D4rlMarks(Column<byte> terminals, Column<byte> finals, bool counted)
    {
        Terminals = terminals;
        Finals = finals;
        Counted = counted;
    }

    /// <summary>1 where the task ended [N, 1].</summary>
    public Column<byte> Terminals { get; }

    /// <summary>1 where the recording of the episode was cut [N, 1].</summary>
    public Column<byte> Finals { get; }

    /// <summary>True if the file has no timeouts and steps were counted instead.</summary>
    public bool Counted { get; }

    /// <summary>Number of rows in the file.</summary>
    public long Rows => Terminals.Rows;

    /// <summary>Reads or counts the marks.</summary>
    /// <exception cref="OfqlException">Flags that are none, or neither timeouts nor a step limit.</exception>
    public static D4rlMarks Read(Hdf5File file, DatasetReaderOptions options)
    {
        var terminals = Flags(file, "terminals");
        try
        {
            return file.Find("timeouts") is null
                ? new D4rlMarks(terminals, Count(terminals, Limit(file, options)), counted: true)
                : new D4rlMarks(terminals, Flags(file, "timeouts"), counted: false);
        }
        catch
        {
            terminals.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Terminals.Dispose();
        Finals.Dispose();
    }

    // As D4RL counts: after a timeout from 0, but after a terminal from 1. An episode of full length after a terminal is so cut a
    // step early, and its last row given the next episode's first state; whoever compares with D4RL has the same rows.
    private static Column<byte> Count(Column<byte> terminals, long limit)
    {
        var finals = Column<byte>.Allocate(terminals.Rows, 1);
        var step = 0L;
        for (var row = 0L; row < terminals.Rows; row++)
        {
            var final = ++step == limit;
            finals.Writable(row)[0] = final ? (byte)1 : (byte)0;
            if (final)
                step = 0;
            else if (terminals[row][0] == 1)
                step = 1;
        }

        return finals;
    }

    /// <summary>Steps after which an episode is cut: as asked for, else as published with a file of this name.</summary>
    /// <exception cref="OfqlException">Neither, or less than 1.</exception>
    public static long Limit(Hdf5File file, DatasetReaderOptions options)
        => (options.MaximumEpisodeSteps ?? PublishedDatasets.OfFile(file.FilePath)?.MaximumSteps) switch
    {
        null => throw new OfqlException(
            $"'{file.FilePath}' has no 'timeouts', so where its episodes were cut is not known. Give the task's "
            + $"limit of steps (1000 for MuJoCo sets of version 0, 280 for kitchen): {DatasetReaderOptions.StepLimitAdvice}."),
        < 1 => throw new OfqlException($"The limit of steps is {options.MaximumEpisodeSteps}; expected 1 or more."),
        var limit => limit.Value,
    };

    private static Column<byte> Flags(Hdf5File file, string name)
    {
        using var values = file.ReadSingles(name);
        return ColumnChecks.ToFlags(values, name, file.FilePath);
    }
}
