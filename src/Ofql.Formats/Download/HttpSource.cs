using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Ofql.Formats.Files;

namespace Ofql.Formats.Download;

/// <summary>One address, read from where a partial file ends (RFC 9110, sections 13.1.5 and 14).</summary>
internal sealed class HttpSource : IDisposable
{
    private const int PieceBytes = 1 << 17;
    private const int FirstBytesJudged = 64;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    private readonly Uri _address;
    private readonly string _target;
    private readonly TimeSpan _stall;
    private readonly HttpClient _client;

    public HttpSource(Uri address, string target, TimeSpan stall)
    {
        (_address, _target, _stall) = (address, target, stall);
        // Bytes are wanted as they are stored; the system's proxy settings apply.
        _client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = TimeSpan.FromSeconds(20), UseProxy = !address.IsLoopback })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("ofql", typeof(HttpSource).Assembly.GetName().Version!.ToString(3)));
        _client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
    }

    /// <summary>The file was begun anew, because the server has no ranges or another file now.</summary>
    public bool Restarted { get; private set; }

    /// <summary>Reads on until the file is whole.</summary>
    /// <exception cref="TransientFailure">The connection broke, or the server is not ready.</exception>
    /// <exception cref="OfqlException">The server refuses, or sends a web page; the disk is full.</exception>
    public async Task ContinueAsync(PartialFile part, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(_stall);
        try
        {
            using var request = Request(part);
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token).ConfigureAwait(false);
            part.EndIsMarked = response.Headers.TransferEncodingChunked == true || response.Version.Major >= 2;
            if (!Accept(response, part))
                return;
            await CopyAsync(response, part, progress, stall).ConfigureAwait(false);
        }
        catch (OperationCanceledException cause) when (!cancellation.IsCancellationRequested)
        {
            throw new TransientFailure($"{_address} sent nothing for {_stall.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s.", Elsewhere, cause: cause);
        }
        catch (HttpRequestException cause)
        {
            throw Unreachable(cause);
        }
        catch (IOException cause)
        {
            throw new TransientFailure($"The connection to {_address.Host} broke after {part.Length} bytes.", "Run the same command again to go on from there.", cause: cause);
        }

        if (part.Total is { } total && part.Length != total)
            throw new TransientFailure($"{_address} ended after {part.Length} of {total} bytes.", "Run the same command again to go on from there.");
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private string Elsewhere => $"If this machine has no way to {_address.Host}, name a mirror with --mirror or --url, set HTTPS_PROXY, or download "
        + $"{_address} on another machine and put it at '{_target}'.";

    private HttpRequestMessage Request(PartialFile part)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _address);
        if (part is not { Length: > 0, Validator: { } validator })
            return request;
        request.Headers.Range = new RangeHeaderValue(part.Length, null);
        request.Headers.TryAddWithoutValidation("If-Range", validator);
        return request;
    }

    // True if there are bytes to copy; false if the file turns out to be whole.
    private bool Accept(HttpResponseMessage response, PartialFile part)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                Restarted |= part.Length > 0;
                part.Begin(_address, ValidatorOf(response), response.Content.Headers.ContentLength);
                return true;
            case HttpStatusCode.PartialContent when part.Length > 0:
                var range = response.Content.Headers.ContentRange;
                if (range?.From == part.Length && (range.Length is null || part.Total is null || range.Length == part.Total) && IsSame(response, part))
                    return true;
                throw Anew(part);
            case HttpStatusCode.RequestedRangeNotSatisfiable when part.Length > 0:
                if (response.Content.Headers.ContentRange?.Length == part.Length && part.Total == part.Length)
                    return false;
                throw Anew(part);
            default:
                throw Refusal(response);
        }
    }

    private TransientFailure Anew(PartialFile part)
    {
        part.Reset();
        Restarted = true;
        return new TransientFailure($"{_address} has another file than before; it is begun anew.", Elsewhere);
    }

    private static bool IsSame(HttpResponseMessage response, PartialFile part) => ValidatorOf(response) is not { } now || now == part.Validator;

    // A weak tag stands for equal meaning, not for equal bytes.
    private static string? ValidatorOf(HttpResponseMessage response) => response.Headers.ETag is { IsWeak: false } tag
        ? tag.Tag
        : response.Content.Headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);

    private async Task CopyAsync(HttpResponseMessage response, PartialFile part, IProgress<DownloadProgress>? progress, CancellationTokenSource stall)
    {
        var stream = await response.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        var piece = new byte[PieceBytes];
        var (begun, first, reported) = (TimeProvider.System.GetTimestamp(), part.Length, TimeSpan.Zero);
        var judged = first > 0;
        while (true)
        {
            stall.CancelAfter(_stall);
            var read = await stream.ReadAsync(piece, stall.Token).ConfigureAwait(false);
            if (read == 0)
                break;
            part.Append(piece.AsSpan(0, read));
            judged = judged || IsJudged(part);
            var elapsed = TimeProvider.System.GetElapsedTime(begun);
            if (elapsed - reported < ReportInterval)
                continue;
            reported = elapsed;
            progress?.Report(Progress(part, first, elapsed));
        }

        progress?.Report(Progress(part, first, TimeProvider.System.GetElapsedTime(begun)));
    }

    // A page in the file's place is noticed at once rather than after a gigabyte.
    private bool IsJudged(PartialFile part)
    {
        if (part.Length < FirstBytesJudged)
            return false;
        if (!WebPage.IsIn(part.Start(FirstBytesJudged)))
            return true;
        var start = Datasets.DatasetReader.Show(part.Start(FirstBytesJudged));
        part.Discard();
        throw new OfqlException(
            $"{_address} sent a web page in place of the file; it begins with {start}. Open the address in a browser to see what it says (a sign-in page of "
            + "the network, a notice, a moved file), or give another one with --url. Nothing was kept.");
    }

    private static DownloadProgress Progress(PartialFile part, long first, TimeSpan elapsed)
    {
        var rate = elapsed > TimeSpan.Zero ? (part.Length - first) / elapsed.TotalSeconds : 0;
        var remaining = part.Total is { } total && rate > 0 ? TimeSpan.FromSeconds(Math.Min((total - part.Length) / rate, TimeSpan.FromDays(999).TotalSeconds)) : (TimeSpan?)null;
        return new DownloadProgress(part.Length, part.Total, rate, remaining);
    }

    private Exception Refusal(HttpResponseMessage response)
    {
        var code = (int)response.StatusCode;
        var said = $"{_address} answered {code} ({response.ReasonPhrase ?? response.StatusCode.ToString()}).";
        return code switch
        {
            408 or 425 or 429 or >= 500 => new TransientFailure(said, "The server may be overloaded or under repair: try again later, or use a mirror (--mirror).", RetryAfter(response)),
            404 or 410 => new OfqlException($"{said} There is no such file: it was moved, or the address is wrong. Give the new address with --url, or a mirror with --mirror."),
            401 or 403 or 407 or 451 => new OfqlException($"{said} The server, or a proxy between here and there, does not give the file. {Elsewhere}"),
            _ => new OfqlException($"{said} Expected the file. {Elsewhere}"),
        };
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - DateTimeOffset.UtcNow,
        _ => null,
    };

    private TransientFailure Unreachable(HttpRequestException cause)
    {
        var why = cause.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => $"The name {_address.Host} cannot be resolved",
            HttpRequestError.ConnectionError => $"No connection to {_address.Host}:{_address.Port}",
            HttpRequestError.SecureConnectionError => $"No secure connection to {_address.Host}",
            HttpRequestError.ProxyTunnelError => $"The proxy gives no way to {_address.Host}",
            _ => $"{_address} cannot be read",
        };
        return new TransientFailure($"{why}: {cause.Message.TrimEnd('.')}.", Elsewhere, cause: cause);
    }
}
