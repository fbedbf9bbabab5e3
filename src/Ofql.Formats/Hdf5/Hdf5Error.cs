using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ofql.Formats.Hdf5;

/// <summary>What is being attempted, for the error should it fail.</summary>
/// <param name="What">Such as "'file', dataset 'x': cannot be read".</param>
/// <param name="Advice">What the user can do.</param>
internal readonly record struct Hdf5Attempt(string What, string Advice)
{
    private const string WhenReading = "The file may be damaged or unfinished: copy or make it again.";
    private const string WhenWriting = "Check the free space of the disk and the permissions of the folder; nothing was changed.";

    /// <summary>Reading is the usual attempt.</summary>
    public static implicit operator Hdf5Attempt(string what) => new(what, WhenReading);

    public static Hdf5Attempt ToWrite(string what) => new(what, WhenWriting);
}

/// <summary>Turns a failed call into an error in the library's own words.</summary>
internal static unsafe class Hdf5Error
{
    private const int DescriptionOffset = 48;
    private const int WalkFromInnermost = 0;
    private const int ShownLines = 4;
    private const int NoSpace = 28;

    /// <summary>Throws if <paramref name="result"/> is negative. Must directly follow the call: the next one forgets.</summary>
    /// <param name="result">What the call returned.</param>
    /// <param name="attempt">What was attempted.</param>
    /// <exception cref="OfqlException">The call failed.</exception>
    public static long Check(long result, Hdf5Attempt attempt)
        => result >= 0
            ? result
            : throw new OfqlException(Explain(attempt, Words()));

    private static string Explain(Hdf5Attempt attempt, string words) => words.Contains($"errno = {NoSpace},", StringComparison.Ordinal)
        ? $"{attempt.What}: the disk is full. Free some space or choose another disk; nothing that was there before was changed."
        : $"{attempt.What}. HDF5 says: {words}. {attempt.Advice}";

    private static string Words()
    {
        var lines = new List<string>();
        var pin = GCHandle.Alloc(lines);
        try
        {
            _ = Hdf5Native.H5Ewalk2(0, WalkFromInnermost, &Collect, (void*)GCHandle.ToIntPtr(pin));
        }
        finally
        {
            pin.Free();
        }

        return lines.Count == 0 ? "nothing" : string.Join("; ", lines.Distinct().Take(ShownLines));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Collect(uint number, byte* error, void* data)
    {
        try
        {
            var lines = (List<string>)GCHandle.FromIntPtr((nint)data).Target!;
            if (Marshal.PtrToStringUTF8(*(nint*)(error + DescriptionOffset)) is { Length: > 0 } line)
                lines.Add(line);
            return 0;
        }
        catch (OutOfMemoryException)
        {
            // An exception must not cross into native code.
            return -1;
        }
    }
}
