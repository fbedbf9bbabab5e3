using System.CommandLine;
using Ofql.Cli.Runs;
using Ofql.Formats.Files;

namespace Ofql.Cli.Commands;

/// <summary>The options of <c>evaluate</c> that draw an episode.</summary>
internal sealed class PictureOptionSet
{
    private readonly Option<string?> _picture = new("--picture") { Description = "Draw frames of an episode into this SVG file", HelpName = "file" };

    private readonly Option<string?> _animation = new("--animation") { Description = "Write a page that plays the episode into this HTML file", HelpName = "file" };

    private readonly Option<int> _episode = new("--episode") { Description = "Which episode is drawn, from 0", HelpName = "number" };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_picture);
        command.Add(_animation);
        command.Add(_episode);
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="UsageException">A value that makes no sense.</exception>
    public PictureRequest Read(ParseResult parsed)
    {
        var request = new PictureRequest(parsed.GetValue(_picture), parsed.GetValue(_animation), parsed.GetValue(_episode));
        CommonOptions.RequireEnding("--picture", request.Picture, ".svg");
        CommonOptions.RequireEnding("--animation", request.Animation, ".html", ".htm");
        if (request.Episode < 0)
            throw new UsageException($"--episode is {request.Episode}; expected the number of an episode, from 0.");
        if (parsed.GetResult(_episode) is { Implicit: false } && !request.IsWanted)
            throw new UsageException("--episode says which episode is drawn: give --picture file or --animation file with it.");
        // Episodes may take minutes; a file that cannot be written is found out before them.
        foreach (var path in (string?[])[request.Picture, request.Animation])
        {
            if (path is not null)
                AtomicFile.RequireWritable(path);
        }

        return request;
    }
}
