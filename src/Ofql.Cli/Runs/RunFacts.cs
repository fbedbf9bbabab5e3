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

    /// <summary>Mean episode return of the data that a run was trained on; null when it is not at hand.</summary>
    public static double? DataReturn(OpenedPolicy opened, RunManifest? manifest)
    {
        if (opened.Run is null || manifest is null || !File.Exists(manifest.DataSource))
            return null;
        try
        {
            using var data = DatasetReader.Open(manifest.DataSource, DatasetSource.ReaderOptions(opened.Run));
            return DataReport.Of(data).Episodes.Returns.Mean;
        }
        catch (OfqlException)
        {
            // As above.
            return null;
        }
    }
}
