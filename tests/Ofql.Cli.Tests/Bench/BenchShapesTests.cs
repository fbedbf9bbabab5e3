using System.Text.Json.Nodes;
using Xunit;

namespace Ofql.Cli.Tests.Bench;

/// <summary>The shape of the table of shapes, never the times.</summary>
[Collection(nameof(BenchTests))]
public class BenchShapesTests
{
    private static readonly string[] Small =
        ["bench", "shapes", "--agents", "ofql,iql", "--hidden", "8,16", "--batch", "4", "--state", "3,5", "--action", "2", "--rounds", "1", "--seconds", "0.01"];

    [Fact]
    public void Json_has_a_cell_for_every_combination_with_its_work()
    {
        var cells = JsonNode.Parse(Run([.. Small, "--json"]))!["cells"]!.AsArray();
        Assert.Equal(8, cells.Count);
        Assert.Equal(8, cells.Select(cell => ((string)cell!["agent"]!, (int)cell["state"]!, (int)cell["hidden"]!)).Distinct().Count());
        Assert.All(cells, cell => Assert.True((double)cell!["updates_per_second"]! > 0 && (double)cell["share_of_peak"]! is > 0 and < 1));
        // Twice as wide is more work, but not more than four times as much.
        foreach (var pair in cells.GroupBy(cell => ((string)cell!["agent"]!, (int)cell["state"]!)))
        {
            var work = pair.ToDictionary(cell => (int)cell!["hidden"]!, cell => (double)cell!["gflop_per_update"]!);
            Assert.InRange(work[16] / work[8], 1.2, 4);
        }
    }

    [Fact]
    public void Text_is_a_table_per_state()
    {
        var text = Run(Small);
        Assert.Contains("State 3, action 2", text, StringComparison.Ordinal);
        Assert.Contains("State 5, action 2", text, StringComparison.Ordinal);
        Assert.Contains("H = 16", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--hidden", "wide", "whole numbers")]
    [InlineData("--batch", "", "whole numbers")]
    [InlineData("--agents", "oqfl", "ofql")]
    [InlineData("--agents", "spaql", "no matrix products")]
    public void What_cannot_be_measured_is_an_error(string option, string value, string expected)
    {
        using var error = new StringWriter();
        Assert.NotEqual(0, Program.Run(["bench", "shapes", "--seconds", "0.01", option, value], TextWriter.Null, error, CancellationToken.None));
        Assert.Contains(expected, error.ToString(), StringComparison.Ordinal);
    }

    private static string Run(string[] arguments)
    {
        using var text = new StringWriter();
        Assert.Equal(0, Program.Run(arguments, text, TextWriter.Null, CancellationToken.None));
        return text.ToString();
    }
}
