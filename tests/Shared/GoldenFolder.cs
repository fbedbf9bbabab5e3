namespace Ofql.Tests.Shared;

/// <summary>
/// The folder of the golden numbers: the one that the environment variable OFQL_GOLDEN names, else the repository's tests/Golden, copied
/// beside the tests.
/// </summary>
internal static class GoldenFolder
{
    private static readonly string? _named = Environment.GetEnvironmentVariable("OFQL_GOLDEN") is { Length: > 0 } named ? named : null;

    /// <summary>Its folders, one per algorithm or kind of number.</summary>
    public static IReadOnlyList<string> Parts { get; } = ["bc", "cql", "dql", "fm_ql", "fql", "iql", "kernels", "mujoco", "ofql", "policies", "td3_bc"];

    /// <summary>
    /// Where it is. Whoever names a wrong folder is not to read that nothing failed: every test that asks ends with this error, even one that
    /// expects an assertion to fail.
    /// </summary>
    public static string Location
    {
        get
        {
            if (_named is null)
                return Path.Combine(AppContext.BaseDirectory, "Golden");
            return Fault(_named) is { } fault ? throw new DirectoryNotFoundException(fault) : _named;
        }
    }

    /// <summary>What is wrong with a folder that was named; null for nothing.</summary>
    public static string? Fault(string folder)
    {
        if (!Directory.Exists(folder))
            return $"The folder of the golden cases, '{folder}', is not there. Correct OFQL_GOLDEN.";
        return Parts.Any(part => HasCases(folder, part)) ? null
            : $"'{folder}' is no folder of golden cases: expected .safetensors files (in mujoco .json) in at least one of its folders {string.Join(", ", Parts)}; found none. "
                + "Correct OFQL_GOLDEN: it names the folder above these, such as tests/Golden.";
    }

    private static bool HasCases(string folder, string part)
    {
        var path = Path.Combine(folder, part);
        return Directory.Exists(path) && Directory.EnumerateFiles(path, part == "mujoco" ? "*.json" : "*.safetensors").Any();
    }
}
