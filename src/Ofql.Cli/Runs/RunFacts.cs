using Ofql.Data;
using Ofql.Formats.Datasets;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Runs;

/// <summary>What can be found out about a run besides its numbers.</summary>
internal static class RunFacts
{
    /// <summary>The manifest of a policy's run; null when it came from no run or has none that can be read.</summary>
    public static RunManifest? Manifest(OpenedPolicy opened)
    {
        if (opened.Run is null || Path.GetDirectoryName(opened.Path) is not { } folder)
            return null;
        try
        {
            return RunManifest.Open(RunFolder.Open(folder));
        }
        catch (OfqlException)
        {
            // What it would add is a courtesy: its absence must not hide the evaluation.
            return null;
        }
    }

    /// <summary>Mean episode return of the data that a run was trained on; null when it is not at hand, or nobody wants to wait for it.</summary>
    public static double? DataReturn(OpenedPolicy opened, RunManifest? manifest, CancellationToken cancellation)
    {
        if (opened.Run is null || manifest is null || !File.Exists(manifest.DataSource))
            return null;
        if (DatasetFacts.Read(manifest.DataSource) is { } facts && facts.Fingerprint == manifest.DataFingerprint)
            return facts.Report.Episodes.Returns.Mean;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            using var data = DatasetReader.Open(manifest.DataSource, DatasetSource.ReaderOptions(opened.Run));
            // A relative path may lead elsewhere by now, and a file may have changed.
            return DatasetFingerprint.Of(data) == manifest.DataFingerprint ? DataReport.Of(data, cancellation: cancellation).Episodes.Returns.Mean : null;
        }
        catch (Exception error) when (error is OfqlException or OperationCanceledException)
        {
            // As above.
            return null;
        }
    }
}
