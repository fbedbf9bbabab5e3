using Ofql.Formats.Files;

namespace Ofql.Formats.Hdf5;

/// <summary>The eight bytes that HDF5 files begin with.</summary>
internal static class Hdf5Signature
{
    private const int LargestUserBlock = 1 << 16;

    private static ReadOnlySpan<byte> Bytes => [0x89, (byte)'H', (byte)'D', (byte)'F', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    /// <summary>True if the signature stands at byte 0 or after a user block (512 bytes, doubling).</summary>
    public static bool IsIn(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith(Bytes))
            return true;
        for (var offset = 512; offset + Bytes.Length <= start.Length; offset *= 2)
        {
            if (start[offset..].StartsWith(Bytes))
                return true;
        }

        return false;
    }

    /// <summary>How many bytes <see cref="IsIn"/> wants to see.</summary>
    public static int Needed => LargestUserBlock + Bytes.Length;

    /// <summary>Refuses what is not HDF5 before the library sees it.</summary>
    /// <exception cref="OfqlException">The file cannot be read or is something else.</exception>
    public static void Require(string path)
    {
        if (!IsIn(InputFile.FirstBytes(path, Needed)))
        {
            throw new OfqlException(
                $"'{path}' is not an HDF5 file: its first bytes are not the HDF5 signature. Check the path; a download that "
                + "failed often leaves a web page under the file's name.");
        }
    }
}
