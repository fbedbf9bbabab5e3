namespace Ofql;

/// <summary>Finds the name a user probably meant.</summary>
public static class NearestName
{
    /// <summary>
    /// The member of <paramref name="known"/> closest to <paramref name="name"/> in edit distance, ignoring case; the first of
    /// equals. Null if none is within a third of the longer name (at least 2), since a far guess misleads more than it helps.
    /// </summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(known);
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var candidate in known)
        {
            var distance = Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            var tolerated = Math.Max(2, Math.Max(name.Length, candidate.Length) / 3);
            if (distance <= tolerated && distance < bestDistance)
                (best, bestDistance) = (candidate, distance);
        }

        return best;
    }

    /// <summary>A sentence " Did you mean 'x'?" to append to a message, or an empty string if nothing is near.</summary>
    public static string Question(string name, IEnumerable<string> known) =>
        Of(name, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    /// <summary>
    /// Levenshtein distance (1966): the least number of inserted, removed and replaced characters. Case-sensitive.
    /// </summary>
    public static int Distance(string first, string second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);

        // One row of the dynamic programme is enough: entry j holds the distance from the prefix of `first` seen so far
        // to the first j characters of `second`.
        var row = new int[second.Length + 1];
        for (var j = 0; j <= second.Length; j++)
            row[j] = j;
        for (var i = 1; i <= first.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= second.Length; j++)
            {
                var replaced = diagonal + (first[i - 1] == second[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[second.Length];
    }
}
