using System.Runtime.ExceptionServices;

namespace Ofql.Cli;

/// <summary>Waiting for a line of the input cannot be interrupted, but somebody else can wait: Ctrl-C ends at once.</summary>
internal static class PatientReading
{
    /// <summary>What <paramref name="read"/> returns, or throws.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before it did.</exception>
    public static string? Wait(Func<string?> read, CancellationToken cancellation)
    {
        var line = Task.Run(read);
        try
        {
            line.Wait(cancellation);
        }
        catch (AggregateException error)
        {
            ExceptionDispatchInfo.Throw(error.InnerException!);
        }

        return line.Result;
    }
}
