using Ofql.Data;
using Ofql.Formats.Datasets;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Runs;

/// <summary>What can be found out about a run besides its numbers.</summary>
internal static class RunFacts
{
    /// <summary>
    /// Mean episode return of the data a policy's run was trained on; null when it came from no run or the data is not at hand.
    /// </summary>
    public static double? DataReturn(OpenedPolicy opened)
    {
        if (opened.Run is null || Path.GetDirectoryName(opened.Path) is not { } folder)
            return null;
        try
        {
            var manifest = RunManifest.Open(RunFolder.Open(folder));
            if (!File.Exists(manifest.DataSource))
                return null;
            using var data = DatasetReader.Open(manifest.DataSource, DatasetSource.ReaderOptions(opened.Run));
            return DataReport.Of(data).Episodes.Returns.Mean;
        }
        catch (OfqlException)
        {
            // A comparison is a courtesy: its absence must not hide the evaluation.
            return null;
        }
    }
}
