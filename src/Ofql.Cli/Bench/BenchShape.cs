using Ofql.Agents.Ofql;

namespace Ofql.Cli.Bench;

/// <summary>Sizes of the benchmarked update. The defaults are those of D4RL's HalfCheetah and Walker2d with Diffusion-QL's networks.</summary>
internal sealed record BenchShape
{
    /// <summary>S.</summary>
    public int State { get; init; } = 17;

    /// <summary>A.</summary>
    public int Action { get; init; } = 6;

    /// <summary>B.</summary>
    public int Batch { get; init; } = 256;

    /// <summary>H.</summary>
    public int Hidden { get; init; } = 256;

    /// <summary>Hidden layers of the actor and of each critic.</summary>
    public int Layers { get; init; } = 3;

    /// <summary>E, of r and of t each.</summary>
    public int Embedding { get; init; } = 16;

    /// <summary>The agent's settings: its defaults in these sizes. The actor's average moves from the first update on, as it does in all but the start of a run.</summary>
    public OfqlSettings Settings => new()
    {
        HiddenWidth = Hidden,
        HiddenLayers = Layers,
        BatchSize = Batch,
        EmbeddingSize = Embedding,
        ActorAverageStart = 0,
    };

    /// <summary>GFLOP of OFQL's actions for <paramref name="rows"/> states: one evaluation of its velocity per state, unpadded, the embeddings of the fixed times not counted.</summary>
    public double ActGigaFlop(int rows)
    {
        long h = Hidden;
        return 2e-9 * rows * (((State + Action) * h) + ((Layers - 1) * h * h) + (h * Action));
    }

    /// <exception cref="UsageException">A size that no network has.</exception>
    public BenchShape Checked()
    {
        // As wide and as deep as the options of the algorithms go.
        const int Widest = 65_536, Deepest = 1000, Most = 1_000_000;
        foreach (var (name, value, least, most) in ((string, int, int, int)[])
            [("--state", State, 1, Most), ("--action", Action, 1, Most), ("--batch", Batch, 1, Most), ("--hidden", Hidden, 2, Widest), ("--layers", Layers, 1, Deepest), ("--embedding", Embedding, 4, Widest)])
        {
            if (value < least || value > most)
                throw new UsageException($"{name} {value}: expected {least} to {most}.");
        }

        return Embedding % 2 == 0 ? this : throw new UsageException($"--embedding {Embedding}: expected an even number, sines and cosines come in pairs.");
    }
}
