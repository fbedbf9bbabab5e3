namespace Ofql.Cli.Bench;

/// <summary>
/// Multiply-adds of the matrix products of one OFQL update, from the unpadded shapes: what the equations need, whatever the
/// engine executes. Padding is not counted, nor products with columns that are zero by construction, nor anything that is
/// no product (activations, Adam, averages, gathers): a share of peak computed from this understates the machine's load.
/// </summary>
/// <remarks>
/// Letters: B batch, S state, A action, H hidden, L hidden layers, E embedding. Per row of the batch:
/// <list type="bullet">
/// <item>a critic: q = (S + A) H + (L - 1) H H + H, of which qFirst = (S + A) H;</item>
/// <item>the actor's trunk: u = (A + 2 E + S) H + (L - 1) H H + H A, of which uFirst = (A + 2 E + S) H;</item>
/// <item>an embedding of a time: e = E 2E + 2E E.</item>
/// </list>
/// A layer of m multiply-adds costs m forwards, m along a tangent, m for its weight gradient and m for its input gradient.
/// In the one-step action r = 0 and t = 1 for all rows, so the embeddings are one row of 2 e and not counted.
/// </remarks>
internal sealed class WorkCount
{
    public WorkCount(BenchShape shape)
    {
        long s = shape.State, a = shape.Action, h = shape.Hidden, e = shape.Embedding, deep = (shape.Layers - 1) * h * h;
        long criticFirst = (s + a) * h, critic = criticFirst + deep + h;
        long actorFirst = (a + (2 * e) + s) * h, actor = actorFirst + deep + (h * a);
        long embedding = 4 * e * e;

        TargetAction = actor;
        TargetCritics = 2 * critic;
        CriticForward = 2 * critic;
        CriticWeightGradients = 2 * critic;
        // Nobody asks for the gradient of the critics' inputs here.
        CriticInputGradients = 2 * (critic - criticFirst);

        BehaviourForward = actor + (2 * embedding);
        // Along (v, 0, 1): the columns of a_t and of emb_t move, those of emb_r and s stand still. The square layers are wanted where r and t differ only.
        Tangent = embedding + ((a + e) * h) + (long)(deep * (1 - shape.Settings.Times.FlowRatio)) + (h * a);
        PolicyForward = actor;
        PolicyCritics = 2 * critic;
        // One critic carries the Q term; of its inputs only the action has a gradient.
        PolicyCriticInputGradient = critic - criticFirst + (a * h);
        ActorWeightGradients = (2 * actor) + (2 * embedding);
        // Both passes (behaviour and policy) go down to the two embeddings, 2 E columns of the input; the behaviour pass, row by
        // row, through both embeddings' second layers as well. Below those are only constants.
        ActorInputGradients = (2 * (actor - actorFirst + (2 * e * h))) + (2 * (embedding / 2));

        MultiplyAdds = shape.Batch * (CriticStep + ActorStep);
    }

    /// <summary>pi'(s').</summary>
    public long TargetAction { get; }

    /// <summary>Q1' and Q2' at (s', pi'(s')).</summary>
    public long TargetCritics { get; }

    /// <summary>Q1 and Q2 at (s, a).</summary>
    public long CriticForward { get; }

    /// <summary>dW of both critics.</summary>
    public long CriticWeightGradients { get; }

    /// <summary>dX of both critics, first layers left out.</summary>
    public long CriticInputGradients { get; }

    /// <summary>u(a_t, r, t; s) with both embeddings.</summary>
    public long BehaviourForward { get; }

    /// <summary>du/dt by forward mode, on average over the rows.</summary>
    public long Tangent { get; }

    /// <summary>pi(s).</summary>
    public long PolicyForward { get; }

    /// <summary>Q1 and Q2 at (s, pi(s)).</summary>
    public long PolicyCritics { get; }

    /// <summary>dQ/da of the critic that the coin chose.</summary>
    public long PolicyCriticInputGradient { get; }

    /// <summary>dW of the actor in the behaviour and in the policy pass.</summary>
    public long ActorWeightGradients { get; }

    /// <summary>dX of the actor in both passes.</summary>
    public long ActorInputGradients { get; }

    /// <summary>Multiply-adds per row of the critic's step.</summary>
    public long CriticStep => TargetAction + TargetCritics + CriticForward + CriticWeightGradients + CriticInputGradients;

    /// <summary>Multiply-adds per row of the actor's step.</summary>
    public long ActorStep => BehaviourForward + Tangent + PolicyForward + PolicyCritics + PolicyCriticInputGradient + ActorWeightGradients + ActorInputGradients;

    /// <summary>Multiply-adds of one update.</summary>
    public long MultiplyAdds { get; }

    /// <summary>Work of one update, a multiply-add counting two.</summary>
    public double GigaFlop => 2e-9 * MultiplyAdds;
}
