using System.CommandLine;
using System.Globalization;
using Ofql.Agents;
using Ofql.Cli.Configuration;

namespace Ofql.Cli.Commands;

/// <summary>The options that say how a policy acts; <c>act</c> and <c>evaluate</c> share them.</summary>
internal sealed class ActingOptionSet
{
    private readonly Option<int> _candidates;
    private readonly Option<float> _noise = new("--noise-scale")
    {
        Description = "Factor on the initial noise: 1 as trained, 0 without noise, 0.5 in CleanDiffuser's protocol", HelpName = "number", DefaultValueFactory = _ => 1f,
    };

    private readonly Option<string> _selection = new("--selection")
    {
        Description = "How one of N candidates is chosen by the critics: argmax or softmax", HelpName = "word", DefaultValueFactory = _ => "argmax",
    };

    private readonly Option<float> _weight = new("--softmax-weight")
    {
        Description = "Factor on Q in the softmax: 1 in Diffusion-QL, 8 to 300 by task in CleanDiffuser's protocol", HelpName = "number", DefaultValueFactory = _ => 1f,
    };

    /// <summary>Adds the options to a command.</summary>
    public ActingOptionSet(Command command, int candidates, string candidatesDescription)
    {
        _candidates = new Option<int>("--candidates") { Description = candidatesDescription, HelpName = "count", DefaultValueFactory = _ => candidates };
        command.Add(_candidates);
        command.Add(_noise);
        command.Add(_selection);
        command.Add(_weight);
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="UsageException">A value that makes no sense.</exception>
    public ActingOptions Read(ParseResult parsed) => Check(
        "--candidates", parsed.GetValue(_candidates), "--noise-scale", parsed.GetValue(_noise), "--selection", parsed.GetValue(_selection)!, parsed.GetValue(_weight));

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
}
