using System.Globalization;
using Ofql.Formats.Safetensors;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>One case of golden numbers: inputs and results of an independent float64 implementation.</summary>
internal sealed class GoldenFile : IDisposable
{
    /// <summary>
    /// Agreement expected of float32, as max |difference| / max |golden| over a tensor: the same operations rounded
    /// otherwise differ by at most 1.7e-6 in this measure, typical mistakes by at least 1e-4.
    /// </summary>
    public const double Tolerance = 1e-5;

    private readonly SafetensorsFile _file;

    private GoldenFile(SafetensorsFile file) => _file = file;

    /// <summary>Names of all tensors.</summary>
    public IReadOnlyList<string> Names => _file.Names;

    /// <summary>Opens a case such as <c>ofql/plain</c>; the test is skipped where its file is not at hand.</summary>
    public static GoldenFile Open(string name)
    {
        var path = Path.Combine(GoldenFolder.Location, name + ".safetensors");
        if (!File.Exists(path))
            Assert.Skip($"Golden case '{name}' is not in '{GoldenFolder.Location}'. Set OFQL_GOLDEN to the folder that holds it.");
        return new GoldenFile(SafetensorsFile.Open(path));
    }

    /// <summary>The cases of an algorithm in the folder besides these.</summary>
    public static IEnumerable<string> Others(string algorithm, params string[] shipped)
    {
        var folder = Path.Combine(GoldenFolder.Location, algorithm);
        return Directory.Exists(folder) ? Directory.GetFiles(folder, "*.safetensors").Select(path => Path.GetFileNameWithoutExtension(path)).Except(shipped).Order(StringComparer.Ordinal) : [];
    }

    /// <summary>True if the case has a tensor of this name.</summary>
    public bool Contains(string name) => _file.Contains(name);

    /// <summary>Sizes of a tensor.</summary>
    public int[] Shape(string name) => Array.ConvertAll(_file.Shape(name), size => checked((int)size));

    /// <summary>Values of a tensor, row-major.</summary>
    public double[] Values(string name) => _file.ReadDoubles(name);

    /// <summary>Values of an input, row-major; inputs are exact in float32.</summary>
    public float[] Singles(string name) => _file.ReadSingles(name);

    /// <summary>Values of an integer tensor.</summary>
    public long[] Integers(string name) => _file.ReadIntegers(name);

    /// <summary>A tensor of one number.</summary>
    public double Number(string name) => Assert.Single(Values(name));

    /// <summary>A hyper-parameter as a number.</summary>
    public double Setting(string key) => double.Parse(Word(key), CultureInfo.InvariantCulture);

    /// <summary>A hyper-parameter as a whole number.</summary>
    public int Size(string key) => int.Parse(Word(key), CultureInfo.InvariantCulture);

    /// <summary>A hyper-parameter as true or false.</summary>
    public bool Flag(string key) => bool.Parse(Word(key));

    /// <summary>A hyper-parameter as a word.</summary>
    public string Word(string key) =>
        _file.Metadata.TryGetValue(key, out var word) ? word : throw new KeyNotFoundException($"'{_file.FilePath}' has no setting '{key}'.");

    /// <summary>Fails unless max |actual - golden| is at most <paramref name="tolerance"/> times max |golden|.</summary>
    public void AssertClose(string name, ReadOnlySpan<float> actual, double tolerance = Tolerance)
    {
        var error = Compare(name, actual, Values(name), out var worst);
        if (error <= tolerance)
            return;
        Assert.Fail(
            $"'{_file.FilePath}', tensor '{name}' [{string.Join(", ", Shape(name))}]: error {error:g3} of the largest entry, allowed {tolerance:g3}. "
            + $"Worst at flat index {worst}: expected {Values(name)[worst]:g9}, found {actual[worst]:g9}.");
    }

    /// <summary>max |actual - golden| / max |golden|; infinite where a number is missing (NaN).</summary>
    public static double Compare(string name, ReadOnlySpan<float> actual, ReadOnlySpan<double> golden, out int worst)
    {
        Assert.True(golden.Length == actual.Length, $"Tensor '{name}': expected {golden.Length} values, found {actual.Length}.");
        double largest = 0, difference = -1;
        worst = 0;
        for (var i = 0; i < golden.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(golden[i]));
            var d = Math.Abs(actual[i] - golden[i]);
            if (double.IsNaN(d))
                d = double.PositiveInfinity;
            if (d <= difference)
                continue;
            difference = d;
            worst = i;
        }

        return difference == 0 ? 0 : difference / largest;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
