using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Ofql.Data;
using Ofql.Formats.Tables;
using Ofql.Formats.D4rl;
using Ofql.Formats.Files;
using Ofql.Formats.Hdf5;
using Ofql.Formats.Minari;
using Ofql.Formats.Npz;

namespace Ofql.Formats.Datasets;

/// <summary>The one door for datasets: what a file is, its content decides, not its name.</summary>
public static class DatasetReader
{
    private const int ShownBytes = 16;

    /// <summary>
    /// Opens a dataset: native (safetensors), D4RL or Minari (HDF5), OGBench or NumPy archives (NPZ), CSV with a column map. A folder
    /// is that of a Minari dataset.
    /// </summary>
    /// <exception cref="OfqlException">The file cannot be read, is of no known kind, or is not sound.</exception>
    public static TransitionDataset Open(string path, DatasetReaderOptions? options = null)
    {
        options ??= new DatasetReaderOptions();
        path = MinariFile(path) ?? path;
        return KindOf(path) switch
        {
            DatasetKind.Hdf5 => OpenHdf5(path, options),
            DatasetKind.Npz => NpzDataset.Read(path, options),
            DatasetKind.Native => DatasetFile.Open(path, options),
            _ => CsvDataset.Read(path, options),
        };
    }

    /// <summary>What a file is, by its first bytes.</summary>
    /// <exception cref="OfqlException">The file cannot be read or is of no known kind.</exception>
    public static DatasetKind KindOf(string path)
    {
        var start = InputFile.FirstBytes(path, Hdf5Signature.Needed);
        if (KindOf(start) is { } kind)
            return kind;
        if (WebPage.IsIn(start))
        {
            throw new OfqlException(
                $"'{path}' is a web page, not a dataset; it begins with {Show(start)}. A download that failed leaves such a file: fetch it again "
                + "(ofql data fetch), and look at the page for the reason.");
        }

        if (LooksLikeOtherText(start))
        {
            throw new OfqlException(
                $"'{path}' looks like a table in another encoding than UTF-8; it begins with {Show(start)}. Save it again as CSV in UTF-8.");
        }

        throw new OfqlException(
            $"'{path}' is not a dataset of a known kind; it begins with {Show(start)}. Accepted are native datasets (safetensors, "
            + "with the columns observations, actions, rewards, next_observations, terminated, truncated), D4RL files (HDF5, "
            + "with observations, actions, rewards, terminals, timeouts), Minari files (HDF5, with groups episode_0, ...), NumPy archives (NPZ, "
            + "OGBench's too) and CSV with a column map. Convert the file, or check the path.");
    }

    /// <summary>What a file is that begins like this; null if it is of no known kind.</summary>
    internal static DatasetKind? KindOf(ReadOnlySpan<byte> start) =>
        Hdf5Signature.IsIn(start) ? DatasetKind.Hdf5
        : NpzFile.IsZip(start) ? DatasetKind.Npz
        : LooksLikeSafetensors(start) ? DatasetKind.Native
        : !WebPage.IsIn(start) && LooksLikeTable(start) ? DatasetKind.Csv
        : null;

    private static TransitionDataset OpenHdf5(string path, DatasetReaderOptions options)
    {
        using var file = Hdf5File.Open(path);
        return MinariLayout.IsIn(file) ? MinariReader.Read(file, options) : D4rlReader.Read(file, options);
    }

    private static string? MinariFile(string path) => string.IsNullOrWhiteSpace(path) || !Directory.Exists(path)
        ? null
        : ((string[])["main_data.hdf5", "data/main_data.hdf5"]).Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists);

    // The first line is text and names more than one column.
    private static bool LooksLikeTable(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("\uFEFF"u8))
            start = start[3..];
        var end = start.IndexOfAny((byte)'\n', (byte)'\r');
        var line = end < 0 ? start : start[..end];
        return line.IndexOfAny(",;\t|"u8) >= 0 && line[0] is not ((byte)'{' or (byte)'[') && line.IndexOfAnyInRange((byte)0, (byte)8) < 0
            && line.IndexOfAnyInRange((byte)0x0E, (byte)0x1F) < 0 && Utf8.IsValid(line);
    }

    // UTF-16 by its mark, or a first line of more than one column with letters beyond ASCII that are no UTF-8.
    private static bool LooksLikeOtherText(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            return true;
        var end = start.IndexOfAny((byte)'\n', (byte)'\r');
        var line = end < 0 ? start : start[..end];
        return line.IndexOfAny(",;\t|"u8) >= 0 && line.IndexOfAnyInRange((byte)0, (byte)8) < 0 && line.IndexOfAnyInRange((byte)0x0E, (byte)0x1F) < 0 && !Utf8.IsValid(line);
    }

    // A safetensors file has no magic number: 8 bytes of length, then the brace that opens the header.
    private static bool LooksLikeSafetensors(ReadOnlySpan<byte> start)
        => start.Length > sizeof(long) && start[sizeof(long)] == (byte)'{'
            && BinaryPrimitives.ReadUInt64LittleEndian(start) <= 1UL << 32;

    /// <summary>The first bytes, for messages.</summary>
    internal static string Show(ReadOnlySpan<byte> start)
    {
        var shown = start[..Math.Min(ShownBytes, start.Length)];
        var printable = true;
        foreach (var value in shown)
            printable &= value is >= 0x20 and < 0x7F or (byte)'\n' or (byte)'\r' or (byte)'\t';
        return printable
            ? $"the text \"{Encoding.ASCII.GetString(shown).ReplaceLineEndings(" ")}\""
            : $"the bytes {Convert.ToHexString(shown)}";
    }
}
