namespace Ofql.Formats.Tests;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Location = Directory.CreateTempSubdirectory("ofql-formats-").FullName;

    public string Location { get; }

    public string this[string name] => Path.Combine(Location, name);

    public string[] Files => [.. Directory.GetFiles(Location).Select(file => Path.GetFileName(file)).Order()];

    public void Dispose() => Directory.Delete(Location, recursive: true);
}
