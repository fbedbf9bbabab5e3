namespace Ofql.Training;

/// <summary>
/// The environment of an online run failed in a step. Nothing of that step is left in the learner: what it had before can be saved, and whoever
/// resumes makes the step again.
/// </summary>
public sealed class CollectingException : OfqlException
{
    /// <summary>Creates the error with its cause.</summary>
    public CollectingException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
