using System.Reflection;

namespace Ofql.Cli.Configuration;

/// <summary>A named starting point: the settings that suit one task. Its text is read when something besides the name is asked for.</summary>
internal sealed class Preset
{
    private const string OwnKeys = "preset.";
    private readonly Lazy<ConfigurationLayer> _all;
    private readonly Lazy<ConfigurationLayer> _layer;

    public Preset(string name, Func<string> text)
    {
        Name = name;
        _all = new Lazy<ConfigurationLayer>(() => YamlText.Read(text(), $"preset {name}"));
        _layer = new Lazy<ConfigurationLayer>(Settings);
    }

    /// <summary>Name of the task: the name of its file.</summary>
    public string Name { get; }

    /// <summary>What it is, in one line.</summary>
    public string Title => Own("title") ?? Name;

    /// <summary>File name patterns (with *) of datasets it is meant for.</summary>
    public IReadOnlyList<string> DataNames => (Own("data_names") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Its settings.</summary>
    public ConfigurationLayer Layer => _layer.Value;

    public string Environment => Layer.Values.TryGetValue("environment", out var value) ? value.Text : "";

    public bool FitsFile(string path)
    {
        var name = Path.GetFileName(path);
        return DataNames.Any(pattern => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true));
    }

    private string? Own(string name) => _all.Value.Values.GetValueOrDefault(OwnKeys + name).Text;

    private ConfigurationLayer Settings()
    {
        var layer = new ConfigurationLayer();
        foreach (var (key, value) in _all.Value.Values.Where(pair => !pair.Key.StartsWith(OwnKeys, StringComparison.Ordinal)))
            layer.Set(key, value.Text, value.Origin);
        return layer;
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

    private static List<Preset> ReadAll()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => new Preset(Path.GetFileNameWithoutExtension(name), () =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return reader.ReadToEnd();
            })).ToList();
    }
}
