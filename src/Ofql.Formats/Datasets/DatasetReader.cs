using System.Buffers.Binary;
using System.Text;
using Ofql.Data;
using Ofql.Formats.D4rl;
using Ofql.Formats.Files;
using Ofql.Formats.Hdf5;

namespace Ofql.Formats.Datasets;

/// <summary>The one door for datasets: what a file is, its content decides, not its name.</summary>
public static class DatasetReader
{
    private const int ShownBytes = 16;

    /// <summary>Opens a native (safetensors) or D4RL (HDF5) dataset.</summary>
    /// <exception cref="OfqlException">The file cannot be read, is of no known kind, or is not sound.</exception>
    public static TransitionDataset Open(string path, DatasetReaderOptions? options = null)
    {
        var start = InputFile.FirstBytes(path, Hdf5Signature.Needed);
        if (Hdf5Signature.IsIn(start))
            return D4rlReader.Read(path, options);
        if (LooksLikeSafetensors(start))
            return DatasetFile.Open(path, options);
        throw new OfqlException(
            $"'{path}' is not a dataset of a known kind; it begins with {Show(start)}. Accepted are native datasets (safetensors, "
            + "with the columns observations, actions, rewards, next_observations, terminated, truncated) and D4RL files (HDF5, "
            + "with observations, actions, rewards, terminals, timeouts). Convert the file, or check the path.");
    }

    // A safetensors file has no magic number: 8 bytes of length, then the brace that opens the header.
    private static bool LooksLikeSafetensors(ReadOnlySpan<byte> start)
        => start.Length > sizeof(long) && start[sizeof(long)] == (byte)'{'
            && BinaryPrimitives.ReadUInt64LittleEndian(start) <= 1UL << 32;

    private static string Show(ReadOnlySpan<byte> start)
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
