using System.Diagnostics;
using Ofql.Formats.Datasets;
using Xunit;

namespace Ofql.Formats.Tests.Hdf5;

/// <summary>
/// Mutated HDF5 files, read in child processes: libhdf5 itself has segmentation faults on some damaged files (h5py and h5dump
/// die of the same files), which no .NET program can catch. Everything short of that must be data or an
/// <see cref="OfqlException"/>, and must neither hang nor use up the memory.
/// </summary>
public sealed class Hdf5MutationTests
{
    private const string FirstVariable = "OFQL_TEST_MUTATION_FIRST";
    private const string ProgressVariable = "OFQL_TEST_MUTATION_PROGRESS";
    private const int Files = 900;
    private const int ReadToEnd = 0;
    private const int SegmentationFault = 128 + 11;
    private const int MostFaults = Files / 30;

    public Hdf5MutationTests() => NativeHdf5.Require();

    [Fact]
    public void Damaged_files_give_data_or_an_error()
    {
        if (Environment.GetEnvironmentVariable(FirstVariable) is not null)
            Assert.Skip("This is a child.");
        using var folder = new TemporaryFolder();
        var faults = 0;
        for (var next = 0; next < Files;)
        {
            var (code, output) = RunChild(next, folder["progress"]);
            next = code == ReadToEnd ? Files : int.Parse(File.ReadAllText(folder["progress"])) + 1;
            Assert.True(code is ReadToEnd or SegmentationFault, output);
            Assert.True(code == ReadToEnd || ++faults <= MostFaults, $"libhdf5 died of {faults} files.");
        }
    }

    [Fact]
    public void Child()
    {
        var first = Environment.GetEnvironmentVariable(FirstVariable);
        if (first is null)
            Assert.Skip("Runs only as a child of the other test.");
        using var folder = new TemporaryFolder();
        for (var file = int.Parse(first); file < Files; file++)
        {
            File.WriteAllText(Environment.GetEnvironmentVariable(ProgressVariable)!, file.ToString());
            File.WriteAllBytes(folder["mutant"], Mutant(file));
            Read(folder["mutant"]);
        }
    }

    private static byte[] Mutant(int file)
    {
        var random = new Random(file);
        string[] names = ["d4rl-small.hdf5", "d4rl-counted.hdf5", "types.hdf5"];
        var bytes = File.ReadAllBytes(TestData.Fixture(names[file % names.Length]));
        if (file % 5 == 0)
            bytes = bytes[..random.Next(bytes.Length)];
        for (var change = random.Next(1, 33); change > 0 && bytes.Length > 8; change--)
            bytes[random.Next(8, bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static void Read(string path)
    {
        try
        {
            DatasetReader.Open(path, new DatasetReaderOptions { MaximumEpisodeSteps = 4 }).Dispose();
        }
        catch (OfqlException)
        {
            // Refused, as it should be.
        }

        try
        {
            using var file = Ofql.Formats.Hdf5.Hdf5File.Open(path);
            foreach (var dataset in file.Datasets)
            {
                if (dataset.Content == Ofql.Formats.Hdf5.Hdf5Content.Numbers)
                    file.ReadSingles(dataset.Name).Dispose();
                else
                    _ = file.ReadText(dataset.Name);
            }
        }
        catch (OfqlException)
        {
            // Refused, as it should be.
        }
    }

    private static (int Code, string Output) RunChild(int first, string progress)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(Hdf5MutationTests).Assembly.Location);
        start.ArgumentList.Add("-method");
        start.ArgumentList.Add($"{typeof(Hdf5MutationTests).FullName}.{nameof(Child)}");
        start.Environment[FirstVariable] = first.ToString();
        start.Environment[ProgressVariable] = progress;
        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEndAsync();
        var output = child.StandardOutput.ReadToEndAsync();
        if (!child.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            child.Kill();
            Assert.Fail($"Reading the damaged files from number {first} on does not end.");
        }

        return (child.ExitCode, $"files from {first}, exit code {child.ExitCode}: {output.Result}{errors.Result}");
    }
}
