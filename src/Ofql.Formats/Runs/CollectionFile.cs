using System.Runtime.InteropServices;
using Ofql.Data;
using Ofql.Formats.Files;
using Ofql.Training;

namespace Ofql.Formats.Runs;

/// <summary>
/// Everything an online run has collected, in order: a header of 16 bytes (<c>OFQLTRN1</c>, S, A as 32-bit integers), then one
/// record per transition of little-endian 32-bit words: s [S], a [A], r, s' [S] as floats, and flags (1 terminated, 2 truncated).
/// Rows are only ever appended; what was written after the last checkpoint of a killed run is cut off when it is resumed.
/// </summary>
public sealed class CollectionFile(string path) : ICollectionStore, IDisposable
{
    private const int HeaderLength = 16;
    private const int BlockRows = 1024;
    private static ReadOnlySpan<byte> Magic => "OFQLTRN1"u8;
    private FileStream? _stream;
    private long _written;

    /// <inheritdoc/>
    public void Append(ReplayBuffer buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        FileErrors.Guard("write", path, () =>
        {
            var stream = _stream ??= Create(buffer.Table);
            var words = WordsPerRow(buffer.Table);
            var block = new float[BlockRows * words];
            stream.SetLength(LengthOf(_written, words));
            stream.Position = stream.Length;
            while (_written < buffer.Collected)
            {
                var rows = (int)Math.Min(BlockRows, buffer.Collected - _written);
                for (var i = 0; i < rows; i++)
                    Pack(buffer.Table, buffer.RowOf(_written + i), block.AsSpan(i * words, words));
                stream.Write(MemoryMarshal.AsBytes(block.AsSpan(0, rows * words)));
                _written += rows;
            }

            stream.Flush(flushToDisk: true);
        });
    }

    /// <inheritdoc/>
    public void Restore(ReplayBuffer buffer, long collected)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        FileErrors.Guard("read", path, () =>
        {
            var words = WordsPerRow(buffer.Table);
            _stream ??= new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            CheckHeader(_stream, buffer.Table);
            if (_stream.Length < LengthOf(collected, words))
            {
                throw new OfqlException(
                    $"'{path}' holds {(_stream.Length - HeaderLength) / (words * sizeof(float))} transitions; the checkpoint was made after {collected}. "
                    + "The file was cut or replaced. Begin a new run.");
            }

            buffer.Clear();
            var block = new float[BlockRows * words];
            for (long row = 0; row < collected; row += BlockRows)
            {
                var values = block.AsSpan(0, (int)Math.Min(BlockRows, collected - row) * words);
                _stream.ReadExactly(MemoryMarshal.AsBytes(values));
                for (var at = 0; at < values.Length; at += words)
                    Unpack(values.Slice(at, words), buffer);
            }

            _written = collected;
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _stream?.Dispose();

    private static int WordsPerRow(TransitionDataset table) => (2 * table.StateSize) + table.ActionSize + 2;

    private static long LengthOf(long rows, int words) => HeaderLength + (rows * words * sizeof(float));

    private static void Pack(TransitionDataset table, long row, Span<float> words)
    {
        int s = table.StateSize, a = table.ActionSize;
        table.Observations[row].CopyTo(words);
        table.Actions[row].CopyTo(words[s..]);
        words[s + a] = table.Rewards[row][0];
        table.NextObservations[row].CopyTo(words[(s + a + 1)..]);
        words[^1] = BitConverter.Int32BitsToSingle((table.Terminated[row][0] != 0 ? 1 : 0) | (table.Truncated[row][0] != 0 ? 2 : 0));
    }

    private static void Unpack(ReadOnlySpan<float> words, ReplayBuffer buffer)
    {
        int s = buffer.Table.StateSize, a = buffer.Table.ActionSize;
        var flags = BitConverter.SingleToInt32Bits(words[^1]);
        buffer.Add(words[..s], words.Slice(s, a), words[s + a], words.Slice(s + a + 1, s), (flags & 1) != 0, (flags & 2) != 0);
    }

    private static byte[] Header(TransitionDataset table)
    {
        var header = new byte[HeaderLength];
        Magic.CopyTo(header);
        MemoryMarshal.Write(header.AsSpan(8), table.StateSize);
        MemoryMarshal.Write(header.AsSpan(12), table.ActionSize);
        return header;
    }

    private FileStream Create(TransitionDataset table)
    {
        var stream = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        stream.Write(Header(table));
        FolderFlush.ToDisk(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return stream;
    }

    private void CheckHeader(FileStream stream, TransitionDataset table)
    {
        var found = new byte[HeaderLength];
        stream.Position = 0;
        if (stream.ReadAtLeast(found, HeaderLength, throwOnEndOfStream: false) < HeaderLength || !found.AsSpan().SequenceEqual(Header(table)))
        {
            throw new OfqlException(
                $"'{path}' does not hold what a run with states of {table.StateSize} and actions of {table.ActionSize} numbers collected. "
                + "It belongs to another task or is damaged. Begin a new run.");
        }
    }
}
