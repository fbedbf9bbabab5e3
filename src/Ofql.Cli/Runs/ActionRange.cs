using System.Globalization;
using Ofql.Cli.Configuration;
using Ofql.Environments;

namespace Ofql.Cli.Runs;

/// <summary>The range of actions: the environment's, or where there is none one number for all of them, or one for each.</summary>
internal static class ActionRange
{
    /// <summary>The range in an environment; without one, that which the configuration names.</summary>
    public static BoxSpace Of(EnvironmentSpecification? environment, ResolvedConfiguration configuration, int size) => environment?.Actions ?? Of(configuration, size);

    /// <summary>The range that a configuration names, for actions of <paramref name="size"/> numbers.</summary>
    /// <exception cref="UsageException">Another number of bounds than actions, or a bound that is not below the other.</exception>
    public static BoxSpace Of(ResolvedConfiguration configuration, int size)
    {
        float[] low = Bounds(configuration, "data.action_low", size), high = Bounds(configuration, "data.action_high", size);
        for (var i = 0; i < size; i++)
        {
            if (low[i] >= high[i])
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"data.action_low is {low[i]} and data.action_high is {high[i]} for actions[{i}]; expected the smallest and the largest action, the first below the second."));
        }

        return new BoxSpace(low, high);
    }

    private static float[] Bounds(ResolvedConfiguration configuration, string key, int size)
    {
        var bounds = configuration.Numbers(key);
        return bounds.Length == size ? Array.ConvertAll(bounds, bound => (float)bound)
            : bounds.Length == 1 ? [.. Enumerable.Repeat((float)bounds[0], size)]
            : throw new UsageException($"{key} has {bounds.Length} numbers; expected one for all actions, or {size}, one for each.");
    }
}
