using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Xunit;

namespace Ofql.Cli.Tests.Bench;

/// <summary>Datasets that are larger than the memory; never the times.</summary>
[Collection(nameof(BenchTests))]
public sealed class BenchRowsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ofql-rows-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Rates_from_memory_and_from_the_file_are_told_and_the_file_is_removed()
    {
        using var text = new StringWriter();
        Assert.Equal(0, Program.Run(
            ["bench", "rows", "--rows", "5000", "--folder", _folder, "--state", "3", "--action", "1", "--hidden", "8", "--rounds", "2", "--seconds", "0.01", "--json"],
            text, TextWriter.Null, CancellationToken.None));
        var result = JsonNode.Parse(text.ToString())!;
        Assert.Equal((5000, 5000), ((long)result["rows"]!, (long)result["rows_in_memory"]!));
        Assert.True((double)result["updates_per_second_from_memory"]! > 0 && (double)result["updates_per_second_from_file"]! > 0 && (double)result["file_over_memory"]! > 0);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("-5")]
    [InlineData("99999999999")]
    public void A_number_of_rows_that_cannot_be_is_refused(string rows)
    {
        using var error = new StringWriter();
        Assert.Equal(2, Program.Run(["bench", "rows", "--rows", rows, "--folder", _folder], TextWriter.Null, error, CancellationToken.None));
        Assert.Contains("--rows", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Stopped_while_writing_it_leaves_no_file()
    {
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.Equal(130, Program.Run(["bench", "rows", "--rows", "5000", "--folder", _folder, "--state", "3", "--action", "1"], TextWriter.Null, TextWriter.Null, stopped.Token));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    /// <summary>A file of 170 MB, a process that is given 100: training, with its pass over the data, must do without reading the file into memory.</summary>
    [Fact]
    public void A_dataset_larger_than_the_memory_is_trained_on()
    {
        var data = Path.Combine(_folder, "large.safetensors");
        SyntheticData.Write(data, 5_000_000, 3, 1, TestContext.Current.CancellationToken);
        Assert.True(new FileInfo(data).Length > 165_000_000);
        var (code, output) = Limited(
            100_000_000, "train", "--data", data, "--updates", "200", "--runs", Path.Combine(_folder, "runs"), "--threads", "1", "--set", "agent.hidden_width=16", "--json");
        Assert.True(code == 0, output);
        Assert.Contains("\"transitions\": 5000000", output, StringComparison.Ordinal);
        Assert.Contains("\"outcome\": \"completed\"", output, StringComparison.Ordinal);
    }

    /// <summary>The program in a process of its own whose memory, native and managed, is limited.</summary>
    private static (int Code, string Output) Limited(long bytes, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet")))
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        start.ArgumentList.Add(typeof(Program).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_GCHeapHardLimit"] = bytes.ToString("X", System.Globalization.CultureInfo.InvariantCulture);
        using var child = Process.Start(start)!;
        child.StandardInput.Close();
        var errors = child.StandardError.ReadToEndAsync();
        var output = child.StandardOutput.ReadToEndAsync();
        if (!child.WaitForExit(TimeSpan.FromMinutes(3)))
        {
            child.Kill();
            Assert.Fail("Training from a large file does not end.");
        }

        return (child.ExitCode, output.Result + errors.Result);
    }
}
