using System.Diagnostics;
using Xunit;

namespace Ofql.Formats.Tests;

/// <summary>The system's Python with h5py and numpy as an independent reader and writer; tests without it are skipped.</summary>
internal static class Python
{
    private const string Interpreter = "/usr/bin/python3";

    private static readonly Lazy<bool> Present = new(() => File.Exists(Interpreter) && Run("import h5py, numpy").Code == 0);

    public static string Require(string script, params string[] arguments)
    {
        if (!Present.Value)
            Assert.Skip($"{Interpreter} with h5py and numpy is not here.");
        var (code, output) = Run(script, arguments);
        Assert.True(code == 0, output);
        return output.Trim();
    }

    private static (int Code, string Output) Run(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Interpreter) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-c", script, .. arguments])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? output : output + errors.Result);
    }
}
