using Ofql.Formats.Hdf5;
using Xunit;

namespace Ofql.Formats.Tests.Hdf5;

/// <summary>Tests that need libhdf5 are skipped with the library's own advice where it is missing.</summary>
internal static class NativeHdf5
{
    public static void Require()
    {
        try
        {
            using var entry = Hdf5Library.Enter();
        }
        catch (OfqlException cause)
        {
            Assert.Skip(cause.Message);
        }
    }
}
