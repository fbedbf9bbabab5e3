using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ofql.Data;

namespace Ofql.Formats.Datasets;

/// <summary>
/// A name for the content of a dataset: equal transitions have equal fingerprints, wherever and in whichever file they are.
/// <para>
/// Definition: for each column, in the order observations, actions, rewards, next_observations, terminated, truncated, one
/// line <c>name rows width type digest</c>, fields separated by one space, ended by a line feed; type is <c>f32</c> or <c>u8</c>,
/// digest the SHA-256 in lower-case hexadecimal of the column's bytes (row-major, little-endian). The fingerprint is
/// <c>sha256:</c> followed by the SHA-256 in lower-case hexadecimal of these six lines as UTF-8. Metadata does not count.
/// </para>
/// </summary>
public static unsafe class DatasetFingerprint
{
    private const int PieceBytes = 1 << 24;

    /// <summary>The fingerprint of a dataset, such as <c>sha256:3b0c...</c>.</summary>
    public static string Of(TransitionDataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        Func<string>[] lines =
        [
            () => Line("observations", "f32", dataset.Observations),
            () => Line("actions", "f32", dataset.Actions),
            () => Line("rewards", "f32", dataset.Rewards),
            () => Line("next_observations", "f32", dataset.NextObservations),
            () => Line("terminated", "u8", dataset.Terminated),
            () => Line("truncated", "u8", dataset.Truncated),
        ];
        var text = string.Concat(lines.AsParallel().AsOrdered().Select(line => line()));
        GC.KeepAlive(dataset);
        return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private static string Line<T>(string name, string type, Column<T> column)
        where T : unmanaged
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = column.Rows * column.Width * sizeof(T);
        for (var done = 0L; done < bytes; done += PieceBytes)
            hash.AppendData(new ReadOnlySpan<byte>((byte*)column.Pointer + done, (int)Math.Min(PieceBytes, bytes - done)));
        var digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        return string.Create(CultureInfo.InvariantCulture, $"{name} {column.Rows} {column.Width} {type} {digest}\n");
    }
}
