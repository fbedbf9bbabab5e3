using System.Net.Http.Headers;
using System.Text.Json;
using Ofql.Formats.Files;

namespace Ofql.Formats.Download;

/// <summary>
/// What has arrived of a file so far, beside the place where it shall appear: <c>.name.part</c> with the bytes and
/// <c>.name.part.json</c> with what the server said of the file they belong to. One process holds it at a time.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    private readonly string _target;
    private readonly string _path;
    private readonly string _statePath;
    private readonly FileStream _stream;

    private PartialFile(string target, string path, FileStream stream)
    {
        (_target, _path, _statePath, _stream) = (target, path, path + ".json", stream);
    }

    /// <summary>The file's entity tag or date, as sent back with <c>If-Range</c>; null if the bytes cannot be continued.</summary>
    public string? Validator { get; private set; }

    /// <summary>Size of the whole file; null if it is not known.</summary>
    public long? Total { get; private set; }

    /// <summary>Whether the way of transport tells the end from a break: chunks, or HTTP/2.</summary>
    public bool EndIsMarked { get; set; }

    /// <summary>Bytes that have arrived.</summary>
    public long Length => _stream.Length;

    /// <summary>Opens what an earlier try left, or begins anew if it came from another address.</summary>
    /// <exception cref="OfqlException">The folder is not there, may not be written, or another process downloads the file.</exception>
    public static PartialFile Open(string target, Uri address)
    {
        var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(target))!, $".{Path.GetFileName(target)}.part");
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1 << 16);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            if (File.Exists(path) && cause is IOException and not FileNotFoundException and not DirectoryNotFoundException)
            {
                throw new OfqlException(
                    $"Another process seems to be downloading '{target}': '{path}' is in use. Wait for it, or end it first.", cause);
            }

            throw FileErrors.Translate("write", target, cause);
        }

        var file = new PartialFile(target, path, stream);
        file.ReadState(address);
        return file;
    }

    /// <summary>Begins anew with what the server says of the file.</summary>
    /// <exception cref="OfqlException">The disk has no room for it.</exception>
    public void Begin(Uri address, string? validator, long? total)
    {
        (Validator, Total) = (validator, total);
        Guard(() =>
        {
            _stream.SetLength(0);
            var room = new DriveInfo(Path.GetDirectoryName(_path)!).AvailableFreeSpace;
            if (total > room)
                throw new OfqlException($"'{_target}' needs {total >> 20} MiB, but the disk has only {room >> 20} MiB free. Free some space, or choose another folder.");
        });
        if (validator is null)
        {
            File.Delete(_statePath);
            return;
        }

        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            writer.WriteString("address", address.AbsoluteUri);
            writer.WriteString("validator", validator);
            writer.WriteNumber("total", total ?? -1);
            writer.WriteEndObject();
        }

        AtomicFile.Write(_statePath, stream => text.WriteTo(stream));
    }

    /// <summary>Forgets what has arrived.</summary>
    public void Reset()
    {
        (Validator, Total) = (null, null);
        Guard(() => _stream.SetLength(0));
    }

    /// <summary>Adds bytes.</summary>
    /// <exception cref="OfqlException">The disk is full.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Seek(0, SeekOrigin.End);
            _stream.Write(bytes);
        }
        catch (IOException cause)
        {
            throw FileErrors.Translate("write", _target, cause);
        }
    }

    /// <summary>The first bytes that have arrived.</summary>
    public byte[] Start(int count)
    {
        _stream.Seek(0, SeekOrigin.Begin);
        var bytes = new byte[count];
        return bytes[..Math.Max(0, _stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false))];
    }

    /// <summary>The bytes from the first on, for checking.</summary>
    public Stream FromStart()
    {
        Guard(() => _stream.Flush(flushToDisk: true));
        _stream.Seek(0, SeekOrigin.Begin);
        return _stream;
    }

    /// <summary>Lets the file appear under its name.</summary>
    public void Publish()
    {
        _stream.Dispose();
        Guard(() => File.Move(_path, _target, overwrite: true));
        File.Delete(_statePath);
    }

    /// <summary>Removes what has arrived: it is not what was asked for.</summary>
    public void Discard()
    {
        _stream.Dispose();
        File.Delete(_path);
        File.Delete(_statePath);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var empty = _stream.CanRead && _stream.Length == 0;
        _stream.Dispose();
        if (empty)
            Discard();
    }

    // Without a mark of the file's version nobody knows whether the rest still belongs to the beginning.
    private void ReadState(Uri address)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(_statePath));
            var root = document.RootElement;
            if (root.GetProperty("address").GetString() == address.AbsoluteUri && root.GetProperty("validator").GetString() is { } validator
                && (EntityTagHeaderValue.TryParse(validator, out _) || DateTimeOffset.TryParse(validator, out _)))
            {
                (Validator, Total) = (validator, root.GetProperty("total").GetInt64() is >= 0 and var total ? total : null);
            }
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // No state, or none that makes sense: the download begins anew.
        }

        if (Validator is null || (Total is { } whole && Length > whole))
            Reset();
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("write", _target, cause);
        }
    }
}
