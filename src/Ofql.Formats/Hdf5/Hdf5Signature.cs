using System.Buffers.Binary;
using Ofql.Formats.Files;

namespace Ofql.Formats.Hdf5;

/// <summary>The eight bytes that HDF5 files begin with.</summary>
internal static class Hdf5Signature
{
    private const int LargestUserBlock = 1 << 16;
    private const int LongestSuperblock = 64;

    private static ReadOnlySpan<byte> Bytes => [0x89, (byte)'H', (byte)'D', (byte)'F', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    /// <summary>True if the signature stands at byte 0 or after a user block (512 bytes, doubling).</summary>
    public static bool IsIn(ReadOnlySpan<byte> start) => Find(start) >= 0;

    /// <summary>
    /// The length that the file had when it was closed (HDF5 File Format Specification 3.0, II.A: end of file address); null if it
    /// cannot be told from these bytes.
    /// </summary>
    public static long? DeclaredLength(ReadOnlySpan<byte> start)
    {
        var at = Find(start);
        if (at < 0 || start.Length < at + LongestSuperblock)
            return null;
        var block = start[at..];
        // Before the addresses: version 0 has 24 bytes, version 1 four more, versions 2 and 3 only 12. The third address is meant in each.
        var (sizeAt, addressesAt) = block[Bytes.Length] switch { 0 => (13, 24), 1 => (13, 28), 2 or 3 => (9, 12), _ => (0, 0) };
        if (addressesAt == 0 || block[sizeAt] != sizeof(long))
            return null;
        var length = BinaryPrimitives.ReadInt64LittleEndian(block[(addressesAt + (2 * sizeof(long)))..]);
        return length > 0 ? length : null;
    }

    private static int Find(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith(Bytes))
            return 0;
        for (var offset = 512; offset + Bytes.Length <= start.Length; offset *= 2)
        {
            if (start[offset..].StartsWith(Bytes))
                return offset;
        }

        return -1;
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
