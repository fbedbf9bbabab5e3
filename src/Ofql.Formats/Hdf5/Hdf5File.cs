using System.Runtime.InteropServices;
using Ofql.Data;
using Ofql.Formats.Files;

namespace Ofql.Formats.Hdf5;

/// <summary>What an HDF5 dataset holds.</summary>
public enum Hdf5Content
{
    /// <summary>Numbers or booleans, readable as float.</summary>
    Numbers,

    /// <summary>Text.</summary>
    Text,

    /// <summary>Something that is not read here: compounds, references, opaque bytes.</summary>
    Other,
}

/// <summary>A dataset of an HDF5 file.</summary>
/// <param name="Name">Full path in the file without the leading slash, such as <c>infos/qpos</c>.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Content">What it holds.</param>
public sealed record Hdf5Dataset(string Name, IReadOnlyList<long> Shape, Hdf5Content Content)
{
    /// <summary>Whether it lies in a file that this one links to.</summary>
    public bool IsElsewhere { get; init; }

    /// <summary>Name and shape, for messages.</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}]";
}

/// <summary>
/// An HDF5 file, opened for reading through the system's libhdf5. The library reports damage it notices, which becomes an
/// <see cref="OfqlException"/>; a file made to harm can still bring it down, so do not open files of doubtful origin.
/// </summary>
public sealed unsafe class Hdf5File : IDisposable
{
    private readonly Hdf5Handle _file;
    private readonly Dictionary<string, Hdf5Dataset> _byName;

    private Hdf5File(string path, Hdf5Handle file)
    {
        FilePath = path;
        _file = file;
        Datasets = Hdf5Walk.Datasets(file, path);
        _byName = Datasets.ToDictionary(dataset => dataset.Name, StringComparer.Ordinal);
    }

    /// <summary>The path it was opened by.</summary>
    public string FilePath { get; }

    /// <summary>Every dataset of the file, by name; those in linked files too.</summary>
    public IReadOnlyList<Hdf5Dataset> Datasets { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="OfqlException">libhdf5 is missing, or the file cannot be read.</exception>
    public static Hdf5File Open(string path)
    {
        Hdf5Signature.Require(path);
        using var entry = Hdf5Library.Enter();
        using var access = Hdf5Access.ToRead($"'{path}' cannot be opened");
        var file = new Hdf5Handle(
            Hdf5Native.H5Fopen(Path.GetFullPath(path), 0, access.Id), Hdf5Kind.File, $"'{path}' cannot be opened");
        try
        {
            return new Hdf5File(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The dataset of this name, or null.</summary>
    public Hdf5Dataset? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>
    /// Reads numbers or booleans, converted to float by the library: rows = the first size, width = the product of the others,
    /// so that [N] and [N, 1] are the same.
    /// </summary>
    /// <exception cref="OfqlException">No such dataset, not numbers, too large for this machine, or damaged.</exception>
    public Column<float> ReadSingles(string name)
    {
        var dataset = RequireNumbers(name);
        var (rows, width) = RowsAndWidth(dataset);
        RequirePlausible(dataset, (UInt128)(ulong)rows * (ulong)width);
        var column = Allocate(dataset, rows, width);
        try
        {
            using var entry = Hdf5Library.Enter();
            Read(name, Hdf5Library.Types.Float, rows * width, column.Pointer);
            return column;
        }
        catch
        {
            column.Dispose();
            throw;
        }
    }

    /// <summary>Reads numbers or booleans, converted to double by the library.</summary>
    /// <exception cref="OfqlException">As <see cref="ReadSingles(string)"/>.</exception>
    public double[] ReadDoubles(string name)
    {
        var dataset = RequireNumbers(name);
        var (rows, width) = RowsAndWidth(dataset);
        if (rows * width > Array.MaxLength)
            throw TooLarge(dataset);
        RequirePlausible(dataset, (UInt128)(ulong)rows * (ulong)width);
        var values = new double[rows * width];
        using var entry = Hdf5Library.Enter();
        fixed (double* pointer = values)
            Read(name, Hdf5Library.Types.Double, values.Length, pointer);
        return values;
    }

    /// <summary>Reads one text, of fixed or variable length.</summary>
    /// <exception cref="OfqlException">No such dataset, not one text, or damaged.</exception>
    public string ReadText(string name)
    {
        var dataset = Require(name);
        if (dataset.Content != Hdf5Content.Text || dataset.Shape.Aggregate(1L, (product, size) => product * size) != 1)
            throw Wrong(dataset, "one text");
        using var entry = Hdf5Library.Enter();
        using var opened = OpenDataset(name);
        return Hdf5Text.Read(opened, Where(name));
    }

    /// <summary>A scalar attribute as text (numbers in invariant form); null if there is none, or it is an array.</summary>
    /// <param name="target">Group or dataset it belongs to; <c>/</c> for the root.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="OfqlException">It cannot be read.</exception>
    public string? ReadAttribute(string target, string name)
    {
        using var entry = Hdf5Library.Enter();
        return Hdf5Text.ReadAttribute(_file.Id, target, name, $"'{FilePath}', attribute '{name}' of '{target}'");
    }

    /// <summary>Reads numbers or booleans as float into memory that holds exactly as many.</summary>
    /// <exception cref="OfqlException">As <see cref="ReadSingles(string)"/>.</exception>
    internal void ReadSingles(string name, float* target, long count)
    {
        var dataset = RequireNumbers(name);
        RequirePlausible(dataset, (UInt128)(ulong)count);
        using var entry = Hdf5Library.Enter();
        Read(name, Hdf5Library.Types.Float, count, target);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Read(string name, long memoryType, long expectedCount, void* buffer)
    {
        using var dataset = OpenDataset(name);
        using var space = new Hdf5Handle(Hdf5Native.H5Dget_space(dataset.Id), Hdf5Kind.Space, Where(name));
        // The buffer was sized by the listing; should the library see another size now, it must not write.
        if (Hdf5Error.Check(Hdf5Native.H5Sget_simple_extent_npoints(space.Id), Where(name)) != expectedCount)
            throw new OfqlException($"{Where(name)}: its size changed while it was read. Let the program that writes it finish first.");
        if (expectedCount > 0)
            Hdf5Error.Check(Hdf5Native.H5Dread(dataset.Id, memoryType, 0, 0, 0, buffer), $"{Where(name)}: cannot be read");
    }

    // One damaged byte can make a dataset of kilobytes claim gigabytes. What is not compressed cannot be larger than it is
    // stored; deflate gains a factor of 1032 at most. Small claims pass, for values that were never written take no storage.
    private void RequirePlausible(Hdf5Dataset dataset, UInt128 count)
    {
        const int LargestGain = 1032;
        const ulong SmallClaim = 1 << 26;
        using var entry = Hdf5Library.Enter();
        using var opened = OpenDataset(dataset.Name);
        using var type = new Hdf5Handle(Hdf5Native.H5Dget_type(opened.Id), Hdf5Kind.Type, Where(dataset.Name));
        using var creation = new Hdf5Handle(Hdf5Native.H5Dget_create_plist(opened.Id), Hdf5Kind.Properties, Where(dataset.Name));
        var claimed = count * Hdf5Native.H5Tget_size(type.Id);
        var stored = Math.Min(Hdf5Native.H5Dget_storage_size(opened.Id), dataset.IsElsewhere ? ulong.MaxValue : (ulong)InputFile.CheckedLength(FilePath));
        var gain = Hdf5Error.Check(Hdf5Native.H5Pget_nfilters(creation.Id), Where(dataset.Name)) > 0 ? LargestGain : 1;
        if (claimed > SmallClaim && claimed > (UInt128)stored * (ulong)gain)
        {
            throw new OfqlException(
                $"'{FilePath}': dataset {dataset} claims {claimed} bytes, but only {stored} are stored. The file is damaged or "
                + "unfinished: copy or make it again.");
        }
    }

    private Hdf5Handle OpenDataset(string name)
        => new(Hdf5Native.H5Dopen2(_file.Id, name, 0), Hdf5Kind.Dataset, $"{Where(name)}: cannot be opened");

    private Column<float> Allocate(Hdf5Dataset dataset, long rows, int width)
    {
        // A damaged size must not drive the machine out of memory; the system kills a process for that without a word.
        if ((UInt128)(ulong)rows * (ulong)width * sizeof(float) > (ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
            throw TooLarge(dataset);
        try
        {
            return Column<float>.Allocate(rows, width);
        }
        catch (Exception cause) when (cause is OutOfMemoryException or OverflowException)
        {
            throw TooLarge(dataset);
        }
    }

    private (long Rows, int Width) RowsAndWidth(Hdf5Dataset dataset)
    {
        var width = (UInt128)1;
        foreach (var size in dataset.Shape.Skip(1))
            width = UInt128.Min(width * (ulong)size, ulong.MaxValue);
        var rows = dataset.Shape.Count == 0 ? 1 : dataset.Shape[0];
        return width <= int.MaxValue && width * (ulong)rows <= long.MaxValue / 8
            ? (rows, (int)width)
            : throw TooLarge(dataset);
    }

    private Hdf5Dataset RequireNumbers(string name)
    {
        var dataset = Require(name);
        return dataset.Content == Hdf5Content.Numbers ? dataset : throw Wrong(dataset, "numbers");
    }

    private Hdf5Dataset Require(string name) => Find(name)
        ?? throw new OfqlException($"'{FilePath}' has no dataset '{name}'. It has: {Listing()}.");

    /// <summary>The datasets of the file in one line.</summary>
    internal string Listing()
    {
        const int Shown = 12;
        return Datasets.Count == 0
            ? "none"
            : string.Join(", ", Datasets.Take(Shown)) + (Datasets.Count > Shown ? $", ... ({Datasets.Count} in all)" : "");
    }

    private OfqlException Wrong(Hdf5Dataset dataset, string expected)
        => new($"{Where(dataset.Name)}: expected {expected}, found {dataset.Content.ToString().ToLowerInvariant()} "
            + $"[{string.Join(", ", dataset.Shape)}].");

    private OfqlException TooLarge(Hdf5Dataset dataset)
        => new($"'{FilePath}': dataset {dataset} does not fit into the memory of this machine "
            + $"({GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MiB). If it should be smaller, the file is damaged.");

    private string Where(string name) => $"'{FilePath}', dataset '{name}'";
}
