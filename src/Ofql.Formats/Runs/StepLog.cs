using System.Text;
using Ofql.Formats.Files;

namespace Ofql.Formats.Runs;

/// <summary>
/// A text file of one line per step that can be cut back to a step: lines are appended, and what was written after the last
/// checkpoint of a killed run is dropped before the run goes on.
/// </summary>
internal sealed class StepLog : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly StreamWriter _writer;

    /// <summary>Opens a log and drops its lines beyond <paramref name="lastStep"/>, a torn last line included.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">First line of a new file; null for none.</param>
    /// <param name="prefix">What stands before the step in a line.</param>
    /// <param name="lastStep">Last step to keep; null starts an empty file.</param>
    public StepLog(string path, string? header, string prefix, long? lastStep)
    {
        _path = path;
        try
        {
            _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            var length = lastStep is null ? 0 : LengthUpTo(path, header, prefix, lastStep.Value);
            if (length != _stream.Length)
                _stream.SetLength(length);
            _stream.Seek(0, SeekOrigin.End);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            _stream?.Dispose();
            throw FileErrors.Translate("write", path, cause);
        }
        catch (OfqlException)
        {
            _stream?.Dispose();
            throw;
        }

        _writer = new StreamWriter(_stream, new UTF8Encoding(false), 1 << 14) { NewLine = "\n" };
        if (_stream.Length == 0 && header is not null)
            _writer.WriteLine(header);
    }

    /// <exception cref="OfqlException">The disk is full, or the file gone.</exception>
    public void WriteLine(string line) => FileErrors.Guard("write", _path, () => _writer.WriteLine(line));

    /// <summary>Hands everything to the disk.</summary>
    /// <exception cref="OfqlException">The disk is full, or the file gone.</exception>
    public void Flush() => FileErrors.Guard("write", _path, () =>
    {
        _writer.Flush();
        _stream.Flush(flushToDisk: true);
    });

    /// <summary>Closes the file; what cannot be written any more (the disk is full) has been told by <see cref="Flush"/>.</summary>
    public void Dispose()
    {
        try
        {
            _writer.Dispose();
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            _stream.Dispose();
        }
    }

    // A header that differs (another set of metrics) means that nothing below it can be kept.
    private long LengthUpTo(string path, string? header, string prefix, long lastStep)
    {
        var text = new byte[_stream.Length];
        _stream.ReadExactly(text);
        var length = 0L;
        var isFirst = true;
        for (var begin = 0; begin < text.Length;)
        {
            var end = Array.IndexOf(text, (byte)'\n', begin);
            if (end < 0)
                break;
            var line = Encoding.UTF8.GetString(text, begin, end - begin);
            var keeps = isFirst && header is not null ? line == header : StepOf(line, prefix) is { } step && step <= lastStep;
            if (!keeps)
            {
                if (isFirst && header is not null)
                    throw new OfqlException($"'{path}' begins with another header than this run writes. Expected: {header}. Move the file away.");
                break;
            }

            (isFirst, begin) = (false, end + 1);
            length = begin;
        }

        return length;
    }

    private static long? StepOf(string line, string prefix)
    {
        if (!line.StartsWith(prefix, StringComparison.Ordinal))
            return null;
        var digits = line.AsSpan(prefix.Length);
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        return long.TryParse(end < 0 ? digits : digits[..end], out var step) ? step : null;
    }
}
