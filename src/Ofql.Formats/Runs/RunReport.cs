using System.Globalization;
using System.Text;
using Ofql.Formats.Files;
using Ofql.Formats.Svg;

namespace Ofql.Formats.Runs;

/// <summary>What a report says besides what the run folder holds.</summary>
public sealed record RunReportFacts
{
    /// <summary>How the run ended, in one sentence.</summary>
    public required string Outcome { get; init; }

    /// <summary>Resolved configuration as text.</summary>
    public required string Configuration { get; init; }

    /// <summary>Statistic that is plotted and compared, such as <c>score</c> or <c>return</c>.</summary>
    public required string Statistic { get; init; }

    /// <summary>Unit of the statistic in words.</summary>
    public required string StatisticTitle { get; init; }

    /// <summary>What a step is, in words.</summary>
    public string StepTitle { get; init; } = "gradient updates";

    /// <summary>Whether the run has an environment to be evaluated in.</summary>
    public bool HasEnvironment { get; init; }

    /// <summary>Step of the policy that was saved: a run that was stopped may have gone on after its last evaluation. Null where none was.</summary>
    public long? PolicyStep { get; init; }

    /// <summary>Description of the data, one fact per line.</summary>
    public required IReadOnlyList<string> Data { get; init; }

    /// <summary>How the policy acts in recorded states; null where nothing is recorded.</summary>
    public string? RecordedActions { get; init; }
}

/// <summary>
/// <c>report.md</c>, <c>learning-curve.svg</c> and <c>training-curves.svg</c>. Evaluations are named <c>way/statistic</c> with the standard error beside it as
/// <c>way/statistic_error</c>. The headline is the last evaluation; the best one is shown as what it is, a look at the test.
/// </summary>
public static class RunReport
{
    private const string ErrorEnding = "_error";

    /// <summary>Writes report and curves.</summary>
    public static void Write(RunFolder folder, RunManifest manifest, EvaluationTable table, RunReportFacts facts)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var ways = Ways(table, facts.Statistic);
        if (ways.Count > 0)
            AtomicFile.WriteText(folder.CurvePath, Curve(manifest.Name, ways, table, facts).ToSvg());
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Run {manifest.Name}\n\n{facts.Outcome}\n\n");
        WriteOrigin(text, manifest, ways, table, facts);
        WriteEvaluations(text, ways, table, facts);
        WriteTraining(text, folder, manifest.Name, facts);
        if (facts.RecordedActions is { } agreement)
            text.Append(CultureInfo.InvariantCulture, $"## Beside the recorded actions\n\n{agreement}\n\n");
        text.Append("## Data\n\n");
        foreach (var line in facts.Data)
            text.Append(CultureInfo.InvariantCulture, $"- {line}\n");
        text.Append(CultureInfo.InvariantCulture, $"- {manifest.DataTransitions} transitions, fingerprint `{manifest.DataFingerprint}`\n\n");
        WriteSessions(text, manifest);
        text.Append(CultureInfo.InvariantCulture, $"## Configuration\n\n```yaml\n{facts.Configuration.TrimEnd()}\n```\n");
        AtomicFile.WriteText(folder.ReportPath, text.ToString());
    }

    /// <summary>The ways of acting that have this statistic.</summary>
    public static IReadOnlyList<string> Ways(EvaluationTable table, string statistic)
    {
        ArgumentNullException.ThrowIfNull(table);
        return table.Rows.SelectMany(row => row.Values).Select(value => value.Name)
            .Where(name => name.EndsWith("/" + statistic, StringComparison.Ordinal))
            .Select(name => name[..^(statistic.Length + 1)]).Distinct().ToList();
    }

    /// <summary>What a run's last evaluation is one of: the policy that was saved, or one before it.</summary>
    /// <param name="unit">What a step is, in the singular.</param>
    /// <param name="step">Step of the evaluation.</param>
    /// <param name="policyStep">Step of the policy that was saved; null where none was.</param>
    public static string EvaluationTitle(string unit, long step, long? policyStep) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(step == policyStep ? $"Evaluation of the last checkpoint ({unit} {step})" : $"Last evaluation ({unit} {step}; {(policyStep is { } saved ? $"the policy saved is that of {saved}" : "no policy was saved")})")}");

    private static LineChart Curve(string name, IReadOnlyList<string> ways, EvaluationTable table, RunReportFacts facts) => new()
    {
        Title = name,
        XLabel = facts.StepTitle,
        YLabel = facts.StatisticTitle,
        Series = ways.Select(way => new ChartSeries(Title(way), table.Rows.Select(row => new ChartPoint(
            row.Step,
            row.Find($"{way}/{facts.Statistic}") ?? double.NaN,
            row.Find($"{way}/{facts.Statistic}{ErrorEnding}") ?? 0)).ToList())).ToList(),
    };

    private static void WriteOrigin(StringBuilder text, RunManifest manifest, IReadOnlyList<string> ways, EvaluationTable table, RunReportFacts facts)
    {
        if (manifest.Origin is not { } origin)
            return;
        text.Append(CultureInfo.InvariantCulture, $"## Before and after\n\nBegan from `{origin.Checkpoint}` (step {origin.Step}, fingerprint `{origin.Fingerprint}`), ");
        text.Append(CultureInfo.InvariantCulture, $"trained on data with fingerprint `{origin.DataFingerprint}`; {origin.RecordedShare:P0} of each batch is recorded, the rest collected.\n\n");
        if (table.Rows.FirstOrDefault(row => row.Step == 0) is not { } before)
            return;
        text.Append(CultureInfo.InvariantCulture, $"| way of acting | {facts.StatisticTitle} before | standard error | after {table.Rows[^1].Step} {facts.StepTitle} | standard error |\n|---|---:|---:|---:|---:|\n");
        foreach (var way in ways)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {Title(way)} ");
            foreach (var row in (EvaluationRow[])[before, table.Rows[^1]])
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(row, way, facts.Statistic)} | {Cell(row, way, facts.Statistic + ErrorEnding)} ");
            text.Append("|\n");
        }

        text.Append('\n');
    }

    private static void WriteEvaluations(StringBuilder text, IReadOnlyList<string> ways, EvaluationTable table, RunReportFacts facts)
    {
        if (ways.Count == 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"The policy was not evaluated: {(facts.HasEnvironment ? "the run ended before its first evaluation" : "no environment was given")}.\n\n");
            return;
        }

        var last = table.Rows[^1];
        text.Append(CultureInfo.InvariantCulture, $"## {EvaluationTitle("step", last.Step, facts.PolicyStep)}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| way of acting | {facts.StatisticTitle} | standard error |\n|---|---:|---:|\n");
        foreach (var way in ways)
            text.Append(CultureInfo.InvariantCulture, $"| {Title(way)} | {Cell(last, way, facts.Statistic)} | {Cell(last, way, facts.Statistic + ErrorEnding)} |\n");
        text.Append("\n![Learning curve](learning-curve.svg)\n\n");
        text.Append("For comparison only: the best evaluation seen. Choosing it would be choosing by the test, so it is not the result.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| way of acting | best {facts.StatisticTitle} | at step |\n|---|---:|---:|\n");
        foreach (var way in ways)
        {
            var best = table.Rows.MaxBy(row => row.Find($"{way}/{facts.Statistic}") ?? double.NegativeInfinity)!;
            text.Append(CultureInfo.InvariantCulture, $"| {Title(way)} | {Cell(best, way, facts.Statistic)} | {best.Step} |\n");
        }

        text.Append('\n');
    }

    private static void WriteTraining(StringBuilder text, RunFolder folder, string name, RunReportFacts facts)
    {
        IReadOnlyList<MetricCurve> curves;
        try
        {
            curves = MetricCurves.Of(folder);
        }
        catch (OfqlException unsound)
        {
            // What was trained has its report all the same.
            text.Append(CultureInfo.InvariantCulture, $"## Training\n\nThe curves could not be drawn. {unsound.Message}\n\n");
            return;
        }

        if (curves.Count == 0)
            return;
        AtomicFile.WriteText(folder.TrainingCurvesPath, new CurveGrid { Title = name, XLabel = facts.StepTitle, Panels = [.. curves.Select(curve => new CurvePanel(curve.Name, curve.Points))] }.ToSvg());
        text.Append("## Training\n\n![Training curves](training-curves.svg)\n\nMeans over windows of updates, the first and the last:\n\n| metric | first | last |\n|---|---:|---:|\n");
        foreach (var curve in curves)
            text.Append(CultureInfo.InvariantCulture, $"| `{curve.Name}` | {curve.First:G4} | {curve.Last:G4} |\n");
        text.Append('\n');
    }

    private static void WriteSessions(StringBuilder text, RunManifest manifest)
    {
        text.Append("## Made with\n\n");
        foreach (var session in manifest.Sessions)
        {
            var machine = session.Machine;
            text.Append(CultureInfo.InvariantCulture, $"- {session.Started:yyyy-MM-dd HH:mm} UTC from step {session.FromStep}: `{session.CommandLine}`, ");
            text.Append(CultureInfo.InvariantCulture, $"Ofql {machine.Library}, .NET {machine.Runtime}, {machine.Processor}, {machine.Cores} cores, ");
            text.Append(CultureInfo.InvariantCulture, $"{machine.VectorBits}-bit vectors{(session.Simulator is { } simulator ? $", evaluated with {simulator}" : "")}\n");
        }

        text.Append('\n');
    }

    private static string Title(string way) => way.Replace('_', ' ');

    private static string Cell(EvaluationRow row, string way, string statistic) =>
        row.Find($"{way}/{statistic}")?.ToString("0.0##", CultureInfo.InvariantCulture) ?? "";
}
