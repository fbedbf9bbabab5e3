using System.Globalization;
using Ofql.Cli.Runs;
using Ofql.Formats.Download;

namespace Ofql.Cli.Rendering;

/// <summary>Shows how far a download is.</summary>
internal sealed class DownloadView(CommandContext context) : IProgress<DownloadProgress>, IDisposable
{
    private readonly ProgressLine _line = new(context);

    public void Report(DownloadProgress value) => _line.Show(() => Describe(value));

    /// <summary>Writes a message without tearing the live line.</summary>
    public void Say(string text) => _line.Say(text);

    public void Dispose() => _line.Dispose();

    /// <summary>A number of bytes for people.</summary>
    public static string Bytes(double bytes) => bytes switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F2} GB"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB"),
        >= 1e3 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} kB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes:F0} B"),
    };

    private static string Describe(DownloadProgress progress)
    {
        var part = progress.Total is { } total && total > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{Bytes(progress.Received)} of {Bytes(total)} ({100.0 * progress.Received / total:F0} %)")
            : Bytes(progress.Received);
        var left = progress.Remaining is { } remaining ? $"  {TrainText.Duration(remaining)} left" : "";
        return $"{part}  {Bytes(progress.BytesPerSecond)}/s{left}";
    }
}
