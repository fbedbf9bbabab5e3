namespace Ofql.Cli.Rendering;

/// <summary>
/// The line of progress on a terminal: rewritten where a person watches it, plain lines every few seconds elsewhere. Thread-safe.
/// </summary>
/// <param name="context">Where it goes.</param>
internal sealed class ProgressLine(CommandContext context) : IDisposable
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, long> _lastLine = [];
    private bool _isOpen;

    /// <summary>Whether the line is rewritten. In JSON mode the terminal belongs to the result; messages go to stderr as plain lines.</summary>
    public bool IsLive => context.Interactive && !context.Json;

    /// <summary>Shows a text, made only when it is shown.</summary>
    /// <param name="text">One line.</param>
    /// <param name="speaker">Elsewhere than on a terminal every speaker has a plain line every few seconds, the first at once.</param>
    /// <param name="isNews">Show it in any case.</param>
    public void Show(Func<string> text, ulong speaker = 0, bool isNews = false)
    {
        lock (_gate)
        {
            if (IsLive)
                Rewrite(text());
            else if (IsDue(speaker) || isNews)
                Write(speaker, text());
        }
    }

    /// <summary>Writes a message without tearing the live line.</summary>
    public void Say(string text)
    {
        lock (_gate)
        {
            Erase();
            context.Messages.WriteLine(text);
            context.Messages.Flush();
        }
    }

    public void Dispose()
    {
        lock (_gate)
            Erase();
    }

    private bool IsDue(ulong speaker) =>
        !_lastLine.TryGetValue(speaker, out var last) || TimeProvider.System.GetElapsedTime(last) >= LineInterval;

    private void Write(ulong speaker, string text)
    {
        _lastLine[speaker] = TimeProvider.System.GetTimestamp();
        context.Messages.WriteLine(text);
        context.Messages.Flush();
    }

    private void Rewrite(string text)
    {
        context.Messages.Write("\r" + (text.Length >= context.Width ? text[..(context.Width - 1)] : text) + "\u001b[K");
        context.Messages.Flush();
        _isOpen = true;
    }

    private void Erase()
    {
        if (_isOpen)
            context.Messages.Write("\r\u001b[K");
        _isOpen = false;
    }
}
