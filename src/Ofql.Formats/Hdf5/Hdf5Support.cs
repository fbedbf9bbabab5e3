namespace Ofql.Formats.Hdf5;

/// <summary>Whether HDF5 files can be read here.</summary>
public static class Hdf5Support
{
    /// <summary>Why they cannot, with what to do about it; null if they can.</summary>
    public static string? FindProblem()
    {
        try
        {
            using var entry = Hdf5Library.Enter();
            return null;
        }
        catch (OfqlException error)
        {
            return error.Message;
        }
    }
}
