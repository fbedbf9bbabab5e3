using System.Runtime.InteropServices;
using Ofql.Kernels;

namespace Ofql.Formats.Runs;

/// <summary>The machine and the versions a run was made with.</summary>
/// <param name="Processor">Model name of the processor.</param>
/// <param name="Cores">Logical processors this process may use.</param>
/// <param name="VectorBits">Widest vector in hardware.</param>
/// <param name="OperatingSystem">System and architecture.</param>
/// <param name="Runtime">.NET version.</param>
/// <param name="Library">Version of this library.</param>
public sealed record MachineFacts(
    string Processor, int Cores, int VectorBits, string OperatingSystem, string Runtime, string Library)
{
    /// <summary>The machine this process runs on.</summary>
    public static MachineFacts Here() => new(
        ReadProcessor(),
        Environment.ProcessorCount,
        ProcessorFacts.VectorBits,
        $"{RuntimeInformation.OSDescription} {RuntimeInformation.ProcessArchitecture}",
        Environment.Version.ToString(),
        typeof(MachineFacts).Assembly.GetName().Version?.ToString(3) ?? "unknown");

    private static string ReadProcessor()
    {
        try
        {
            const string File = "/proc/cpuinfo";
            var line = System.IO.File.Exists(File)
                ? System.IO.File.ReadLines(File).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal))
                : null;
            return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
                ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
                ?? RuntimeInformation.ProcessArchitecture.ToString();
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }
    }
}
