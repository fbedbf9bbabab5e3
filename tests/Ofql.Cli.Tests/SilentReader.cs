namespace Ofql.Cli.Tests;

/// <summary>A terminal at which nobody types.</summary>
internal sealed class SilentReader(ManualResetEventSlim silence) : TextReader
{
    public override int Read()
    {
        silence.Wait(TimeSpan.FromMinutes(1));
        return -1;
    }
}
