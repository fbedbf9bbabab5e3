using System.IO.Compression;
using Ofql.Formats.Datasets;
using Ofql.Formats.Hdf5;
using Ofql.Formats.Safetensors;

namespace Ofql.Formats.Download;

/// <summary>Whether a file is as long as it says of itself: where the server names no length, a connection that broke off looks like the end.</summary>
internal static class Completeness
{
    /// <summary>False if bytes are missing at the end; null where the form does not say (CSV).</summary>
    /// <param name="file">The file, which can be sought; its position is moved.</param>
    /// <param name="start">Its first bytes.</param>
    public static bool? IsWhole(Stream file, ReadOnlySpan<byte> start) => DatasetReader.KindOf(start) switch
    {
        DatasetKind.Hdf5 => Hdf5Signature.DeclaredLength(start) is { } length ? length <= file.Length : null,
        DatasetKind.Npz => HasDirectory(file),
        DatasetKind.Native => HasAllTensors(file),
        _ => null,
    };

    // A zip archive ends with its directory.
    private static bool HasDirectory(Stream file)
    {
        try
        {
            using var zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            return zip.Entries.Count > 0;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static bool HasAllTensors(Stream file)
    {
        file.Seek(0, SeekOrigin.Begin);
        var start = new byte[Math.Min(file.Length, SafetensorsHeader.SizeLimit + sizeof(long))];
        file.ReadExactly(start);
        try
        {
            _ = SafetensorsHeader.Parse(start, file.Length, "");
            return true;
        }
        catch (OfqlException)
        {
            return false;
        }
    }
}
