using System.CommandLine;
using System.Globalization;
using Ofql.Agents;
using Ofql.Cli.Configuration;

namespace Ofql.Cli.Commands;

/// <summary>The options that say how a policy acts; <c>act</c> and <c>evaluate</c> share them.</summary>
internal sealed class ActingOptionSet
{
    private const string AsInTheRun = "; default: as in the run";
    private const string DefaultSelection = "argmax";
    private const float DefaultNoise = 1f;
    private const float DefaultWeight = 1f;
    private readonly int _defaultCandidates;
    private readonly Option<int> _candidates;
    private readonly Option<float> _noise;
    private readonly Option<string> _selection;
    private readonly Option<float> _weight;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="candidates">N where nobody says otherwise.</param>
    /// <param name="candidatesDescription">What N is to the command.</param>
    /// <param name="followsRun">Whether what is not given is what the run says (<see cref="Read"/>).</param>
    public ActingOptionSet(Command command, int candidates, string candidatesDescription, bool followsRun)
    {
        _defaultCandidates = candidates;
        _candidates = Make("--candidates", candidatesDescription, "count", candidates, followsRun);
        _noise = Make("--noise-scale", "Factor on the initial noise: 1 as trained, 0 without noise, 0.5 in CleanDiffuser's protocol", "number", DefaultNoise, followsRun);
        _selection = Make("--selection", "How one of N candidates is chosen by the critics: argmax or softmax", "word", DefaultSelection, followsRun);
        _weight = Make("--softmax-weight", "Factor on Q in the softmax: 1 in Diffusion-QL, 8 to 300 by task in CleanDiffuser's protocol", "number", DefaultWeight, followsRun);
        foreach (var option in (Option[])[_candidates, _noise, _selection, _weight])
            command.Add(option);
    }

    /// <summary>What was asked for; of a run, what it was scored by where nothing else was asked for.</summary>
    /// <exception cref="UsageException">A value that makes no sense.</exception>
    public ActingOptions Read(ParseResult parsed, ResolvedConfiguration? run = null)
    {
        var (candidates, candidatesName) = Value(_candidates, "evaluation.candidates", key => (int)run!.Integer(key), _defaultCandidates);
        var (noise, noiseName) = Value(_noise, "evaluation.noise_scale", key => (float)run!.Number(key), DefaultNoise);
        var (selection, selectionName) = Value(_selection, "evaluation.selection", key => run!.Text(key), DefaultSelection);
        var (weight, _) = Value(_weight, "evaluation.softmax_weight", key => (float)run!.Number(key), DefaultWeight);
        return Check(candidatesName, candidates, noiseName, noise, selectionName, selection, weight);

        (T Value, string Name) Value<T>(Option<T> option, string key, Func<string, T> ofRun, T otherwise) =>
            parsed.GetResult(option) is { Implicit: false } ? (parsed.GetValue(option)!, option.Name)
            : run is null ? (otherwise, option.Name) : (ofRun(key), key);
    }

    /// <summary>The options of given values, each error naming where the value came from.</summary>
    /// <exception cref="UsageException">A value that makes no sense.</exception>
    public static ActingOptions Check(string candidatesName, int candidates, string noiseName, float noise, string selectionName, string selection, float weight)
    {
        if (candidates is < 1 or > ConfigurationSchema.MostCandidates)
            throw new UsageException($"{candidatesName} is {candidates}; expected 1 to {ConfigurationSchema.MostCandidates}.");
        if (!float.IsFinite(noise) || noise < 0)
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{noiseName} is {noise}; expected a number of at least 0."));
        if (!float.IsFinite(weight))
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"The softmax weight is {weight}; expected a finite number."));
        // Parsed alone, numbers and lists of words would pass too.
        var words = ConfigurationSchema.Find("evaluation.selection")!.Words;
        if (!words.Contains(selection, StringComparer.OrdinalIgnoreCase))
            throw new UsageException($"{selectionName} is '{selection}'; expected {string.Join(" or ", words)}.{NearestName.Question(selection, words)}");
        return new ActingOptions { Candidates = candidates, NoiseScale = noise, Selection = Enum.Parse<CandidateSelection>(selection, ignoreCase: true), SoftmaxWeight = weight };
    }

    private static Option<T> Make<T>(string name, string description, string help, T value, bool followsRun)
    {
        var option = new Option<T>(name) { Description = followsRun ? description + AsInTheRun : description, HelpName = help };
        if (!followsRun)
            option.DefaultValueFactory = _ => value;
        return option;
    }
}
