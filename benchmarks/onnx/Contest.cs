using System.Diagnostics;
using Ofql.Agents;
using Ofql.Kernels.Randomness;

namespace Ofql.Benchmarks.Onnx;

/// <summary>One policy by our actor and its model by ONNX Runtime, in one process, on one thread.</summary>
internal sealed class Contest(PolicyArtefact policy, byte[] model, OnnxRuntime runtime)
{
    private readonly PolicyOutline _outline = AgentCatalog.Outline(AgentCatalog.All, policy);

    private int StateSize => _outline.Transforms.StateSize;

    private int ActionSize => _outline.Transforms.ActionSize;

    /// <summary>Largest difference of an entry of an action, as a share of its range, over states like the data's.</summary>
    public double LargestDifference(int batch, ulong seed)
    {
        using var actor = AgentCatalog.CreateActor(policy, new ActingOptions(), batch);
        using var session = Open(batch);
        var (states, noise) = Draw(batch, seed);
        var actions = new float[batch * ActionSize];
        actor.Act(batch, states, noise, new float[batch], actions);
        Write(session, states, noise);
        session.Run();
        var (low, high, largest) = (_outline.Transforms.ActionLow, _outline.Transforms.ActionHigh, 0.0);
        for (var i = 0; i < actions.Length; i++)
            largest = Math.Max(largest, Math.Abs(actions[i] - (double)session.Memory[^1][i]) / ((double)high[i % ActionSize] - low[i % ActionSize]));
        return largest;
    }

    /// <summary>Microseconds per action for one state, in turns: ours and theirs in each round.</summary>
    public (double Ours, double Theirs)[] Latencies(int rounds, double seconds)
    {
        using var actor = AgentCatalog.CreateActor(policy, new ActingOptions(), 1);
        using var session = Open(1);
        var (states, noise) = Draw(1, 0);
        float[] uniform = new float[1], action = new float[ActionSize];
        void Ours() => actor.Act(1, states, noise, uniform, action);
        void Theirs()
        {
            Write(session, states, noise);
            session.Run();
        }

        // The compiler's second tier, caches, and how many calls fill the time.
        Time(Ours, 1000);
        Time(Theirs, 1000);
        int ourCalls = Calls(Ours), theirCalls = Calls(Theirs);
        var results = new (double, double)[rounds];
        for (var round = 0; round < rounds; round++)
            results[round] = (Time(Ours, ourCalls), Time(Theirs, theirCalls));
        return results;

        int Calls(Action act) => Math.Max(20, (int)(seconds * 1e6 / Time(act, 200)));
    }

    private static double Time(Action act, int calls)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++)
            act();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / calls;
    }

    private static void Write(OnnxRuntime.Session session, float[] states, float[] noise)
    {
        states.CopyTo(session.Memory[0], 0);
        if (noise.Length > 0)
            noise.CopyTo(session.Memory[1], 0);
    }

    private OnnxRuntime.Session Open(int batch)
    {
        (string, int)[] inputs = _outline.NoiseSize == 0 ? [(PolicyOutline.State, StateSize)] : [(PolicyOutline.State, StateSize), (PolicyOutline.Noise, _outline.NoiseSize)];
        return runtime.Open(model, batch, inputs, (PolicyOutline.Action, ActionSize));
    }

    private (float[] States, float[] Noise) Draw(int batch, ulong seed)
    {
        var random = new RandomStream(seed, "contest");
        var transform = _outline.Transforms.States;
        float[] states = new float[batch * StateSize], noise = new float[batch * _outline.NoiseSize];
        for (var i = 0; i < states.Length; i++)
            states[i] = transform.Shift[i % StateSize] + ((float)random.NextNormal() / transform.Scale[i % StateSize]);
        Noise.FillNormal(random, noise);
        return (states, noise);
    }
}
