using System.Reflection;

namespace Ofql.Cli.Configuration;

/// <summary>A named starting point: the settings that suit one task.</summary>
/// <param name="Name">Name of the task: the name of its file.</param>
/// <param name="Title">What it is, in one line.</param>
/// <param name="DataNames">File name patterns (with *) of datasets it is meant for.</param>
/// <param name="Layer">Its settings.</param>
internal sealed record Preset(string Name, string Title, IReadOnlyList<string> DataNames, ConfigurationLayer Layer)
{
    public string Environment => Layer.Values.TryGetValue("environment", out var value) ? value.Text : "";

    public bool FitsFile(string path)
    {
        var name = Path.GetFileName(path);
        return DataNames.Any(pattern => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true));
    }
}

/// <summary>
/// The presets in this program: every file of the folder Presets. Beside ordinary keys a preset has <c>preset.title</c> and
/// <c>preset.data_names</c> (patterns separated by spaces).
/// </summary>
internal sealed class PresetCatalog(IReadOnlyList<Preset> presets)
{
    private const string Folder = "Presets/";

    public static PresetCatalog Embedded { get; } = new(ReadAll());

    public IReadOnlyList<Preset> All { get; } = presets;

    public Preset? Find(string name) => All.FirstOrDefault(preset => preset.Name == name);

    /// <summary>
    /// The preset for an environment: one whose data patterns fit the file comes first, then the one of the same name.
    /// </summary>
    public Preset? FindFor(string environment, string? dataFile)
    {
        var candidates = All.Where(preset => preset.Environment == environment).ToList();
        return candidates.FirstOrDefault(preset => dataFile is not null && preset.FitsFile(dataFile))
            ?? candidates.FirstOrDefault(preset => preset.Name == environment)
            ?? candidates.FirstOrDefault();
    }

    public static Preset Parse(string name, string text)
    {
        var all = YamlText.Read(text, $"preset {name}");
        var layer = new ConfigurationLayer();
        foreach (var (key, value) in all.Values.Where(pair => !pair.Key.StartsWith("preset.", StringComparison.Ordinal)))
            layer.Set(key, value.Text, value.Origin);
        var title = all.Values.GetValueOrDefault("preset.title").Text ?? name;
        var patterns = all.Values.GetValueOrDefault("preset.data_names").Text ?? "";
        return new Preset(name, title, patterns.Split(' ', StringSplitOptions.RemoveEmptyEntries), layer);
    }

    private static List<Preset> ReadAll()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return Parse(Path.GetFileNameWithoutExtension(name), reader.ReadToEnd());
            }).ToList();
    }
}
