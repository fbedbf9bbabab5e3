using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Ofql.Benchmarks;

/// <summary>Entry: all arguments are BenchmarkDotNet's, such as <c>--filter *Product*</c> or <c>--job dry</c>.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        // In this process: BenchmarkDotNet 0.14 knows no net10.0 toolchain, and building a project per run would need the registry.
        var toolchain = Job.Default.WithToolchain(InProcessEmitToolchain.Instance);
        var config = ManualConfig.Create(DefaultConfig.Instance)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddExporter(JsonExporter.FullCompressed)
            .AddJob(toolchain.AsMutator());
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments, config).ToList();
        return summaries.Exists(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
    }
}
