using Ofql.Data;

namespace Ofql.Formats.Tests;

/// <summary>Small data that several tests share.</summary>
internal static class TestData
{
    public static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    public static Column<float> Values(long rows, int width, Func<long, float> value)
    {
        var column = Column<float>.Allocate(rows, width);
        for (var row = 0L; row < rows; row++)
        {
            for (var i = 0; i < width; i++)
                column.Writable(row)[i] = value((row * width) + i);
        }

        return column;
    }

    public static Column<byte> Flags(params byte[] flags)
    {
        var column = Column<byte>.Allocate(flags.Length, 1);
        for (var row = 0; row < flags.Length; row++)
            column.Writable(row)[0] = flags[row];
        return column;
    }

    public static TransitionDataset Dataset(Dictionary<string, string>? metadata = null) => new(
        Values(4, 3, i => i), Values(4, 2, i => -i / 8f), Values(4, 1, i => i * i), Values(4, 3, i => i + 3),
        Flags(0, 1, 0, 0), Flags(0, 0, 0, 1), metadata ?? new() { ["name"] = "hand-made", ["licence"] = "none ü" });

    public static T[] All<T>(Column<T> column)
        where T : unmanaged
        => [.. Enumerable.Range(0, (int)column.Rows).SelectMany(row => column[row].ToArray())];
}
