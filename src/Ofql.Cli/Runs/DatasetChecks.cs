using System.Globalization;
using Ofql.Data;
using Ofql.Environments;

namespace Ofql.Cli.Runs;

/// <summary>What is checked of the data before the first update, when it costs nothing yet to mend it.</summary>
internal static class DatasetChecks
{
    // Recorders round; a hair beyond the bound is no sign of other units.
    private const float Slack = 1e-4f;

    /// <summary>Things that are allowed and yet worth a look.</summary>
    public static IEnumerable<string> Warnings(DataReport report)
    {
        foreach (var column in report.ConstantColumns.Where(column => !column.Name.StartsWith("rewards", StringComparison.Ordinal)))
            yield return $"{column.Name} is constant ({column.Minimum.ToString("G4", CultureInfo.InvariantCulture)}): it carries no information.";
        if (report.Rewards.Column.IsConstant)
            yield return "Every reward is the same: there is nothing to prefer one action over another by.";
        if (report.Duplicates > report.Rows / 100)
            yield return string.Create(CultureInfo.InvariantCulture, $"{(report.DuplicatesAreEstimated ? "About " : "")}{report.Duplicates} of {report.Rows} transitions repeat an earlier one exactly.");
    }

    /// <exception cref="OfqlException">The data cannot belong to these actions or this environment.</exception>
    public static void RequireFit(OpenedDataset opened, DataReport report, BoxSpace actions, EnvironmentSpecification? environment)
    {
        var data = opened.Data;
        if (environment is not null && (environment.StateSize != data.StateSize || environment.ActionSize != data.ActionSize))
        {
            throw new OfqlException(
                $"'{opened.Source}' has states of {data.StateSize} and actions of {data.ActionSize} numbers, but {environment.Name} has "
                + $"{environment.StateSize} and {environment.ActionSize}. Choose the environment the data was recorded in with --env, or "
                + "--env none to train without evaluation.");
        }

        for (var i = 0; i < data.ActionSize; i++)
        {
            var column = report.Actions[i];
            if (column.Minimum < actions.Low[i] - Slack || column.Maximum > actions.High[i] + Slack)
            {
                throw new OfqlException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{opened.Source}', {column.Name}: values from {column.Minimum:G6} to {column.Maximum:G6}, expected {actions.Low[i]:G6} to ")
                    + string.Create(CultureInfo.InvariantCulture, $"{actions.High[i]:G6}. ")
                    + (environment is null ? AdviceOnRange(report) : $"Scale the actions to the range of {environment.Name}, or train without it: --env none."));
            }
        }
    }

    private static string AdviceOnRange(DataReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"Name the range the actions can have; what was recorded is covered by: --set data.action_low={(float)report.Actions.Min(column => column.Minimum):R} ")
        + string.Create(CultureInfo.InvariantCulture, $"--set data.action_high={(float)report.Actions.Max(column => column.Maximum):R}");
}
