using Ofql.Agents;
using Ofql.Agents.Ofql;
using Ofql.Flow;
using Ofql.Tests.Agents;
using Xunit;

namespace Ofql.Tests.Graphs;

/// <summary>Programs of OFQL as a whole: neither shared memory nor the number of threads nor the size of the batch may show in a single bit.</summary>
public sealed class GraphProgramTests
{
    public static TheoryData<string> Variants => new(_variants.Keys);

    private static readonly Dictionary<string, Func<OfqlSettings, OfqlSettings>> _variants = new()
    {
        ["plain"] = s => s with { HiddenLayers = 3 },
        ["six layers"] = s => s with { HiddenLayers = 6, HiddenWidth = 33 },
        ["wide, rows at rest"] = s => s with { HiddenLayers = 3, HiddenWidth = 70, Times = new TimeSampling { FlowRatio = 0.4 } },
        ["max q backup"] = s => s with { MaxQBackup = true },
        ["adaptive, by data"] = s => s with { BcWeighting = BehaviourWeighting.Adaptive, QNormalization = QNormalization.Data },
        ["layer norm"] = s => s with { CriticLayerNorm = true, NormalizeStates = StateNormalization.Standardize },
        ["no embedding network"] = s => s with { EmbeddingMlp = false, BcReduction = ErrorReduction.Sum },
        ["clipped"] = s => s with { ActorMaxNorm = 0.5, CriticMaxNorm = 0.5, WeightDecay = 0.01 },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Shared_memory_gives_the_same_bits_as_memory_for_every_value(string variant)
    {
        using var data = OfqlBench.Data();
        foreach (var batch in new[] { 33, 256 })
        {
            OfqlSettings Change(OfqlSettings s) => _variants[variant](s) with { BatchSize = batch };
            using var shared = OfqlBench.Trained(data, 8, Change);
            using var apart = OfqlBench.Trained(data, 8, Change, keepAll: true);
            Assert.Empty(OfqlBench.Differences(OfqlBench.State(shared), OfqlBench.State(apart)));
            Assert.Equal(OfqlBench.Metrics(apart), OfqlBench.Metrics(shared));
            // And it does share: otherwise this would compare nothing.
            Assert.True(shared.CriticProgram.MemoryBytes < 0.8 * apart.CriticProgram.MemoryBytes);
            Assert.True(shared.ActorProgram(0).MemoryBytes < 0.8 * apart.ActorProgram(0).MemoryBytes);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_number_of_threads_does_not_show(string variant)
    {
        using var data = OfqlBench.Data();
        foreach (var batch in new[] { 1, 15, 16, 33, 50, 256 })
        {
            OfqlSettings Change(OfqlSettings s) => _variants[variant](s) with { BatchSize = batch };
            var one = OfqlBench.StateAfter(data, 4, Change);
            foreach (var threads in new[] { 2, 3, 5 })
                Assert.Empty(OfqlBench.Differences(one, OfqlBench.StateAfter(data, 4, Change, threads: threads)));
        }
    }

    [Fact]
    public void A_state_or_an_action_of_one_number_and_a_batch_of_one_row_train()
    {
        using var data = OfqlBench.Data(stateSize: 1, actionSize: 1);
        foreach (var batch in new[] { 1, 2, 17 })
        {
            foreach (var best in new[] { false, true })
            {
                using var agent = OfqlBench.Trained(data, 5, s => s with { BatchSize = batch, MaxQBackup = best, Times = new TimeSampling { FlowRatio = 0 } }, threads: 2);
                Assert.True(OfqlBench.IsFinite(agent));
                using var apart = OfqlBench.Trained(data, 5, s => s with { BatchSize = batch, MaxQBackup = best, Times = new TimeSampling { FlowRatio = 0 } }, keepAll: true);
                Assert.Empty(OfqlBench.Differences(OfqlBench.State(agent), OfqlBench.State(apart)));
            }
        }
    }
}
