using System.Globalization;
using Spectre.Console;

namespace Ofql.Cli.Rendering;

/// <summary>A table of text, first column to the left, the others to the right.</summary>
internal sealed class TextTable(params string[] columns)
{
    private readonly List<string[]> _rows = [];

    public TextTable Add(params string[] cells)
    {
        _rows.Add(cells);
        return this;
    }

    public void Write(CommandContext context, bool alignRight = true)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = context.Colour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = context.Colour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(context.Out),
        });
        // Cells of a redirected table are never wrapped: a program may read them.
        console.Profile.Width = context.Interactive ? context.Width : 400;
        var table = new Table { Border = context.Interactive ? TableBorder.Simple : TableBorder.Ascii2, UseSafeBorder = true };
        for (var i = 0; i < columns.Length; i++)
            table.AddColumn(new TableColumn(Markup.Escape(columns[i])) { Alignment = i > 0 && alignRight ? Justify.Right : Justify.Left, NoWrap = alignRight });
        foreach (var row in _rows)
            table.AddRow(row.Select(Markup.Escape).ToArray());
        console.Write(table);
    }

    public static string Number(double? value, string format = "F2") =>
        value is { } number && double.IsFinite(number) ? number.ToString(format, CultureInfo.InvariantCulture) : "-";
}
