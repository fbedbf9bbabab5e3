using System.Security.Cryptography;
using Ofql.Formats.Datasets;
using Ofql.Formats.Files;
using Ofql.Formats.Hdf5;

namespace Ofql.Formats.Download;

/// <summary>
/// Downloads one dataset file over HTTP. It appears under its name only when it is whole and of a known kind; what arrived
/// before an interruption is kept, and the next call goes on from there if the server still has the same file.
/// </summary>
public sealed class FileDownload
{
    private readonly Uri _address;
    private readonly string _path;
    private readonly DownloadOptions _options;
    private readonly IProgress<DownloadProgress>? _progress;
    private readonly Action<string> _say;

    private FileDownload(Uri address, string path, DownloadOptions options, IProgress<DownloadProgress>? progress, Action<string>? say)
    {
        (_address, _path, _options, _progress, _say) = (address, path, options, progress, say ?? (_ => { }));
    }

    /// <summary>Downloads a file.</summary>
    /// <param name="address">Where it is published; http or https.</param>
    /// <param name="path">Where it shall appear; its folder exists.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told now and then how far it is.</param>
    /// <param name="say">Told in words when something is tried again.</param>
    /// <param name="cancellation">Stops; what has arrived is kept.</param>
    /// <exception cref="UsageException">The address is none.</exception>
    /// <exception cref="OfqlException">The server cannot be reached or refuses; the content is none of a dataset, or has another
    /// SHA-256 than expected; the disk is full.</exception>
    public static async Task<DownloadResult> RunAsync(
        Uri address, string path, DownloadOptions? options = null, IProgress<DownloadProgress>? progress = null, Action<string>? say = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https"))
            throw new UsageException($"'{address.OriginalString}' is not an address to download from; expected http://... or https://...");
        options ??= new DownloadOptions();
        if (options.Sha256 is { } wanted && (wanted.Length != 64 || !wanted.All(char.IsAsciiHexDigit)))
            throw new UsageException($"'{wanted}' is not a SHA-256; expected 64 hexadecimal digits.");
        var download = new FileDownload(address, path, options, progress, say);
        if (File.Exists(path) && !options.Replace)
            return download.TakeExisting();
        if (Directory.Exists(path))
            throw new OfqlException($"Cannot write '{path}': it is a folder. Expected the path of a file.");
        download._say($"From {address} to {path}");
        return await download.RunAsync(cancellation).ConfigureAwait(false);
    }

    private DownloadResult TakeExisting()
    {
        try
        {
            using var stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length == 0)
                throw new OfqlException($"'{_path}' is there already, but empty. Download it with --force.");
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(stream));
            if (_options.Sha256 is { } wanted && !sha256.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                throw new OfqlException($"'{_path}' is there already, but its SHA-256 is {sha256}, expected {wanted}. Download it again with --force.");
            return new DownloadResult(_path, stream.Length, sha256, WasThere: true, ResumedFrom: 0);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("read", _path, cause);
        }
    }

    private async Task<DownloadResult> RunAsync(CancellationToken cancellation)
    {
        using var part = PartialFile.Open(_path, _address);
        var resumed = part.Length;
        if (resumed > 0)
            _say($"Going on after {resumed} bytes of an earlier try.");
        using var source = new HttpSource(_address, _path, _options.StallTimeout);
        await RepeatAsync(source, part, cancellation).ConfigureAwait(false);
        RequireDataset(part);
        var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(part.FromStart(), cancellation).ConfigureAwait(false));
        if (_options.Sha256 is { } wanted && !sha256.Equals(wanted, StringComparison.OrdinalIgnoreCase))
        {
            part.Discard();
            throw new OfqlException(
                $"What {_address} sends has the SHA-256 {sha256}, expected {wanted}. It is not the file that was meant, or was changed on the way; nothing was kept.");
        }

        var bytes = part.Length;
        part.Publish();
        return new DownloadResult(_path, bytes, sha256, WasThere: false, source.Restarted ? 0 : resumed);
    }

    // Only tries in a row that brought nothing new count: a line that is cut every minute still gets there.
    private async Task RepeatAsync(HttpSource source, PartialFile part, CancellationToken cancellation)
    {
        var (furthest, failures) = (part.Length, 0);
        var delay = _options.FirstDelay;
        while (true)
        {
            try
            {
                await source.ContinueAsync(part, _progress, cancellation).ConfigureAwait(false);
                return;
            }
            catch (TransientFailure failure)
            {
                if (part.Length > furthest)
                    (furthest, failures, delay) = (part.Length, 0, _options.FirstDelay);
                if (++failures >= _options.Attempts)
                    throw new OfqlException($"{failure.Message} Given up after {failures} tries that brought nothing new. {failure.Advice}", failure);
                var wait = failure.RetryAfter is { } asked && asked > delay ? asked : delay;
                wait = wait < _options.LongestDelay ? wait : _options.LongestDelay;
                _say(FormattableString.Invariant($"{failure.Message} Trying again in {wait.TotalSeconds:0.#} s."));
                await Task.Delay(wait, cancellation).ConfigureAwait(false);
                delay *= 2;
            }
        }
    }

    private void RequireWhole(PartialFile part, byte[] start)
    {
        if (part.Total is not null || part.EndIsMarked)
            return;
        var isWhole = Completeness.IsWhole(part.FromStart(), start);
        if (isWhole is null)
            _say($"The server named no length: whether these {part.Length} bytes are the whole file cannot be told. Compare the SHA-256 if it is published.");
        if (isWhole is false)
        {
            throw new OfqlException(
                $"{_address} ended after {part.Length} bytes, but the file is longer by what it says of itself: the connection broke off, unnoticed since the server named no length. "
                + "Run the same command again.");
        }
    }

    private void RequireDataset(PartialFile part)
    {
        var start = part.Start(Hdf5Signature.Needed);
        if (DatasetReader.KindOf(start) is not null && !WebPage.IsIn(start))
        {
            RequireWhole(part, start);
            return;
        }

        part.Discard();
        throw new OfqlException(
            $"{_address} sent {(WebPage.IsIn(start) ? "a web page" : "something")} in place of a dataset; it begins with {DatasetReader.Show(start)}. Nothing was kept. "
            + "Open the address in a browser to see what it is (a sign-in page, a notice, a moved file), or give another one with --url.");
    }
}
