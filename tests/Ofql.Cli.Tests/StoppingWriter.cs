namespace Ofql.Cli.Tests;

/// <summary>Presses Ctrl-C when it reads something.</summary>
internal sealed class StoppingWriter(CancellationTokenSource stop, string at) : StringWriter
{
    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (value?.Contains(at, StringComparison.Ordinal) == true)
            stop.Cancel();
    }
}
