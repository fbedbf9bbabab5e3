using Ofql.Agents.Ofql;
using Ofql.Data;
using Ofql.Formats.Datasets;

namespace Ofql.Cli.Bench;

/// <summary>Medians over the rounds.</summary>
/// <param name="Rows">Rows of the file.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="MemoryRows">Rows of the copy in memory: as many, or what there is room for.</param>
/// <param name="MemoryRate">Updates per second from memory.</param>
/// <param name="MappedRate">Updates per second from the memory-mapped file.</param>
/// <param name="Ratio">The second over the first: the median of the rounds' ratios.</param>
internal sealed record RowsResult(long Rows, long Bytes, long MemoryRows, double MemoryRate, double MappedRate, double Ratio);

/// <summary>
/// Update rates of OFQL from a large dataset: from its memory-mapped file, of which the system keeps in memory what it has room for, and from
/// the same rows in memory of the program's own; in turns within every round, on one thread.
/// </summary>
internal sealed class RowsSession : IDisposable
{
    private readonly BenchOptions _options;
    private readonly string _path;
    private readonly TransitionDataset _mapped;
    private readonly TransitionDataset _memory;

    /// <param name="options">Sizes, rounds, time.</param>
    /// <param name="rows">Rows of the file.</param>
    /// <param name="folder">Where the file is written, and removed again.</param>
    /// <param name="say">Takes lines on what is being prepared.</param>
    /// <param name="cancellation">Stops the writing; no file is left.</param>
    /// <exception cref="OfqlException">The file cannot be written.</exception>
    public RowsSession(BenchOptions options, long rows, string folder, Action<string> say, CancellationToken cancellation)
    {
        _options = options;
        _path = Path.Combine(folder, $"ofql-bench-{Guid.NewGuid():N}.safetensors");
        say(FormattableString.Invariant($"Writing {rows} rows to {_path} ..."));
        SyntheticData.Write(_path, rows, options.Shape.State, options.Shape.Action, cancellation);
        try
        {
            _mapped = DatasetFile.Open(_path);
            _memory = InMemory(_mapped);
        }
        catch
        {
            _mapped?.Dispose();
            File.Delete(_path);
            throw;
        }
    }

    public RowsResult Run(Action<string> say, CancellationToken cancellation)
    {
        using UpdateMeter memory = MeterOn(_memory), mapped = MeterOn(_mapped);
        var rates = new List<(double Memory, double Mapped)>();
        for (var round = 1; round <= _options.Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            // Now this one first, now that one: whoever comes second finds the caches as the first has left them.
            var mappedFirst = round % 2 == 0;
            var one = (mappedFirst ? mapped : memory).Rate(_options.Seconds);
            cancellation.ThrowIfCancellationRequested();
            var other = (mappedFirst ? memory : mapped).Rate(_options.Seconds);
            rates.Add(mappedFirst ? (other, one) : (one, other));
            say(FormattableString.Invariant($"round {round} of {_options.Rounds}: {rates[^1].Memory:F1} updates/s from memory, {rates[^1].Mapped:F1} from the file"));
        }

        return new RowsResult(
            _mapped.Count,
            new FileInfo(_path).Length,
            _memory.Count,
            BenchSession.Median(rates.Select(rate => rate.Memory)),
            BenchSession.Median(rates.Select(rate => rate.Mapped)),
            BenchSession.Median(rates.Select(rate => rate.Mapped / rate.Memory)));
    }

    public void Dispose()
    {
        _memory.Dispose();
        _mapped.Dispose();
        File.Delete(_path);
    }

    private UpdateMeter MeterOn(TransitionDataset data) => new(context => new OfqlAgent(_options.Shape.Settings, context), data, threads: 1);

    private static TransitionDataset InMemory(TransitionDataset data)
    {
        for (var rows = data.Count; ; rows /= 2)
        {
            try
            {
                return SyntheticData.Copy(data, rows);
            }
            catch (InsufficientMemoryException) when (rows > SyntheticData.DefaultRows)
            {
                // Half as many, then.
            }
        }
    }
}
