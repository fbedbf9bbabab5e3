namespace Ofql;

/// <summary>
/// An error that a user can cause and mend: its message says what was expected, what was found, where, and what to do.
/// Doors print the message alone; anything else that escapes is a defect.
/// </summary>
public class OfqlException : Exception
{
    /// <summary>Creates the error.</summary>
    public OfqlException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause.</summary>
    public OfqlException(string message, Exception cause)
        : base(message, cause)
    {
    }
}

/// <summary>An error in how the program was called (unknown option, task, configuration key): exit code 2.</summary>
public sealed class UsageException : OfqlException
{
    /// <summary>Creates the error.</summary>
    public UsageException(string message)
        : base(message)
    {
    }
}
