using System.Runtime.InteropServices;
using Ofql.Cli.Commands;
using Ofql.Cli.Composition;
using Ofql.Cli.Rendering;
using Ofql.Cli.Runs;
using Ofql.Formats.Files;

namespace Ofql.Cli;

/// <summary>The door: streams, Ctrl-C and exit codes. Everything else is behind its two Run methods.</summary>
internal static class Program
{
    private const int Succeeded = 0;
    private const int Failed = 1;
    private const int Misused = 2;
    private const int Interrupted = 130;

    /// <summary>Exit code of a command whose output nobody reads any more: as if SIGPIPE had ended it.</summary>
    internal const int Unread = 141;

    // Supervisors such as timeout(1) send one signal to the process and again to its group: that is one wish, not two.
    private static readonly TimeSpan OneWish = TimeSpan.FromMilliseconds(300);
    private static long _firstSignal;

    private static int Main(string[] arguments)
    {
        WarmUp.Begin(arguments);
        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, cancellation));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, cancellation));
        var interactive = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        var context = new CommandContext
        {
            Out = Console.Out,
            Error = Console.Error,
            Input = Console.In,
            Catalog = Catalog.Shipped,
            Interactive = interactive,
            Colour = interactive && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
            // Some terminals do not know their width and report 0.
            Width = interactive && Console.WindowWidth > 0 ? Console.WindowWidth : 120,
            Cancellation = cancellation.Token,
            OutputIsUnread = OutputReader.IsGone,
        };
        return Run(arguments, context);
    }

    /// <summary>Runs the program with streams of the caller's.</summary>
    internal static int Run(
        IReadOnlyList<string> arguments, TextWriter output, TextWriter error, CancellationToken cancellation, Catalog? catalog = null) =>
        Run(arguments, new CommandContext
        {
            Out = output,
            Error = error,
            Catalog = catalog ?? Catalog.Shipped,
            Cancellation = cancellation,
        });

    /// <summary>Runs the program; every error becomes a message and an exit code.</summary>
    internal static int Run(IReadOnlyList<string> arguments, CommandContext context)
    {
        var debug = arguments.Contains("--debug") || Environment.GetEnvironmentVariable("OFQL_DEBUG") == "1";
        try
        {
            return CommandTree.Invoke(arguments, context with { CommandLine = "ofql " + string.Join(' ', arguments.Select(Quote)) });
        }
        catch (UsageException error)
        {
            return Report(context, error, error.Message, debug, Misused);
        }
        catch (OfqlException error)
        {
            return Report(context, error, error.Message, debug, Failed);
        }
        catch (OperationCanceledException)
        {
            return Report(context, "Interrupted.", Interrupted);
        }
        catch (OutOfMemoryException error)
        {
            var message = $"There is not enough memory: {error.Message} Use smaller sizes (batch, width of hidden layers, candidates, fewer rows) "
                + "or fewer seeds at once, or a machine with more memory.";
            return Report(context, error, message, debug, Failed);
        }
        catch (Exception error) when (error.GetType() == typeof(IOException) || error is UnauthorizedAccessException)
        {
            // Files say themselves what is wrong with them; what is left are the streams of the program (a closed one denies access).
            var message = $"Standard input or output failed: {error.Message.TrimEnd('.')}. If the output goes to a file, its disk may be full.";
            return Report(context, error, message, debug, Failed);
        }
        catch (Exception error)
        {
            var message = $"This is a defect of Ofql, not of yours: {error.GetType().Name}: {error.Message} Please report it with the "
                + "output of the same command with --debug.";
            return Report(context, error, message, debug, Failed);
        }
    }

    /// <summary>The exit code of a run that was interrupted and saved, or completed.</summary>
    internal static int CodeOf(bool interrupted, bool failed) => interrupted ? Interrupted : failed ? Failed : Succeeded;

    private static void Stop(PosixSignalContext signal, CancellationTokenSource cancellation)
    {
        signal.Cancel = true;
        var first = Interlocked.CompareExchange(ref _firstSignal, TimeProvider.System.GetTimestamp(), 0);
        if (first != 0)
        {
            // The second time ends the process at once; files are renamed into place, so nothing is harmed.
            if (TimeProvider.System.GetElapsedTime(first) > OneWish)
            {
                AtomicFile.DeleteUnfinished();
                Environment.Exit(Interrupted);
            }

            return;
        }

        cancellation.Cancel();
        TryTell(Console.Error, Environment.NewLine + "Stopping: what is under way is finished. Press Ctrl-C again to abort at once.");
    }

    private static int Report(CommandContext context, Exception error, string message, bool debug, int code) =>
        Report(context, $"ofql: {message}{(debug ? Environment.NewLine + error : "")}", code);

    private static int Report(CommandContext context, string text, int code)
    {
        TryTell(context.Error, text);
        return code;
    }

    private static void TryTell(TextWriter stream, string text)
    {
        try
        {
            stream.WriteLine(text);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nobody can be told; the exit code remains.
        }
    }

    /// <summary>An argument as a shell wants it, so that what is printed can be pasted.</summary>
    internal static string Quote(string argument) =>
        argument.Length > 0 && argument.All(character => char.IsAsciiLetterOrDigit(character) || "-_./=,:+@%".Contains(character, StringComparison.Ordinal))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
