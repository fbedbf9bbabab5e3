namespace Ofql.Partitions;

/// <summary>
/// Between a task's units and the unit cube of an <see cref="AdaptivePartition"/>. An action entry, and a state entry with bounds, is scaled
/// linearly from its bounds to [0, 1]; a state entry x without bounds becomes (1 + tanh(x / scale)) / 2, the sigmoid that "Control with
/// adaptive Q-learning" (arXiv 2011.02141) bounds CartPole's speeds with. What lies outside is moved to the nearest face.
/// </summary>
/// <param name="shift">Subtracted from state entries [S].</param>
/// <param name="scale">Factor on what remains [S].</param>
/// <param name="squashed">1 for the entries that the sigmoid bounds, else 0 [S].</param>
/// <param name="actionLow">Smallest action [A].</param>
/// <param name="actionHigh">Largest action [A].</param>
internal sealed class UnitCube(float[] shift, float[] scale, float[] squashed, float[] actionLow, float[] actionHigh)
{
    private const double Places = 4294967296.0;

    public float[] Shift => shift;

    public float[] Scale => scale;

    public float[] Squashed => squashed;

    public float[] ActionLow => actionLow;

    public float[] ActionHigh => actionHigh;

    /// <summary>The cube of a task; null bounds are no bounds.</summary>
    /// <param name="stateSize">S.</param>
    /// <param name="low">Smallest state [S].</param>
    /// <param name="high">Largest state [S].</param>
    /// <param name="unboundedScale">Scale of the entries that lack a bound on either side.</param>
    /// <param name="actionLow">Smallest action [A].</param>
    /// <param name="actionHigh">Largest action [A].</param>
    public static UnitCube Of(int stateSize, float[]? low, float[]? high, double unboundedScale, float[] actionLow, float[] actionHigh)
    {
        float[] shift = new float[stateSize], scale = new float[stateSize], squashed = new float[stateSize];
        for (var i = 0; i < stateSize; i++)
        {
            var bounded = low is not null && high is not null && float.IsFinite(low[i]) && float.IsFinite(high[i]);
            shift[i] = bounded ? low![i] : 0;
            scale[i] = (float)(1 / (bounded ? (double)high![i] - low![i] : unboundedScale));
            squashed[i] = bounded ? 0 : 1;
        }

        return new UnitCube(shift, scale, squashed, actionLow, actionHigh);
    }

    /// <summary>The 32 bits per entry of a state [S].</summary>
    public void State(ReadOnlySpan<float> state, Span<uint> point)
    {
        for (var i = 0; i < point.Length; i++)
        {
            var x = ((double)state[i] - shift[i]) * scale[i];
            point[i] = Place(squashed[i] == 0 ? x : 0.5 * (1 + Math.Tanh(x)));
        }
    }

    /// <summary>The 32 bits per entry of an action [A].</summary>
    public void Action(ReadOnlySpan<float> action, Span<uint> point)
    {
        for (var i = 0; i < point.Length; i++)
            point[i] = Place(((double)action[i] - actionLow[i]) / ((double)actionHigh[i] - actionLow[i]));
    }

    /// <summary>An entry of the action at a share (0 to 1) of the way through a node of a given lower corner and depth.</summary>
    public float ActionAt(int entry, uint corner, int depth, double share)
    {
        var place = (corner + (share * Math.ScaleB(Places, -depth))) / Places;
        return Math.Clamp((float)(actionLow[entry] + (place * ((double)actionHigh[entry] - actionLow[entry]))), actionLow[entry], actionHigh[entry]);
    }

    private static uint Place(double x) => (uint)Math.Clamp(x * Places, 0, Places - 1);
}
