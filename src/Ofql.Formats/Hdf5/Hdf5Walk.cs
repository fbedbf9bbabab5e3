using System.Runtime.InteropServices;
using System.Text;

namespace Ofql.Formats.Hdf5;

/// <summary>Lists the datasets of a file. Damaged or hostile files may hold cycles of groups, so depth and number are bounded.</summary>
internal static unsafe class Hdf5Walk
{
    private const int MaximumDepth = 16;
    private const int MaximumLinks = 2_000_000;
    private const int GroupType = 2;
    private const int DatasetType = 5;
    private const int HardLink = 0;
    private const int SoftLink = 1;
    private const int ExternalLink = 64;

    /// <summary>All datasets in ordinal order of their names.</summary>
    /// <exception cref="OfqlException">The file's structure cannot be read.</exception>
    public static Hdf5Dataset[] Datasets(Hdf5Handle file, string path)
    {
        var found = new List<Hdf5Dataset>();
        var links = 0;
        Visit(file.Id, "", 0, path, isElsewhere: false, found, ref links);
        return [.. found.OrderBy(dataset => dataset.Name, StringComparer.Ordinal)];
    }

    private static void Visit(long group, string prefix, int depth, string path, bool isElsewhere, List<Hdf5Dataset> found, ref int links)
    {
        var where = prefix.Length == 0 ? $"'{path}'" : $"'{path}', group '{prefix.TrimEnd('/')}'";
        if (depth > MaximumDepth)
            throw new OfqlException($"{where}: groups are nested deeper than {MaximumDepth}; the file is damaged or built as a cycle.");
        var info = stackalloc ulong[4];
        Hdf5Error.Check(Hdf5Native.H5Gget_info(group, info), $"{where}: cannot be listed");
        var count = info[1];
        for (var i = 0UL; i < count; i++)
        {
            if (++links > MaximumLinks)
                throw new OfqlException($"{where}: the file has more than {MaximumLinks} entries; it is damaged or not a dataset file.");
            Follow(group, NameOf(group, i, where), prefix, depth, path, isElsewhere, found, ref links);
        }
    }

    private static void Follow(
        long group, string name, string prefix, int depth, string path, bool isElsewhere, List<Hdf5Dataset> found, ref int links)
    {
        var link = LinkType(group, name);
        if (link is not (HardLink or SoftLink or ExternalLink))
            return;
        var full = prefix + name;
        isElsewhere |= link == ExternalLink;
        var id = Hdf5Native.H5Oopen(group, name, 0);
        if (id < 0 && link != HardLink)
            return;
        using var opened = new Hdf5Handle(id, Hdf5Kind.Object, $"'{path}', '{full}': cannot be opened");
        var type = Hdf5Native.H5Iget_type(opened.Id);
        if (type == DatasetType)
            found.Add(Describe(opened, full, $"'{path}', dataset '{full}': cannot be described") with { IsElsewhere = isElsewhere });
        else if (type == GroupType && link != SoftLink)
            Visit(opened.Id, full + "/", depth + 1, path, isElsewhere, found, ref links);
    }

    // The function has another name from 1.12 on; of the structure it fills only the first field is wanted, which stayed.
    private static int LinkType(long group, string name)
    {
        var address = Hdf5Library.Export("H5Lget_info");
        if (address == 0)
            address = Hdf5Library.Export("H5Lget_info1");
        if (address == 0)
            return HardLink;
        var function = (delegate* unmanaged[Cdecl]<long, byte*, void*, long, int>)address;
        var info = stackalloc ulong[16];
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
            return function(group, text, info, 0) < 0 ? -1 : *(int*)info;
    }

    private static string NameOf(long group, ulong number, string where)
    {
        const int ByName = 0;
        // Not in order of the names: groups with very many entries would sort all of them anew for each.
        const int AsStored = 2;
        const int LongestName = 1 << 16;
        var length = Hdf5Error.Check(
            Hdf5Native.H5Lget_name_by_idx(group, ".", ByName, AsStored, number, null, 0, 0), $"{where}: cannot be listed");
        if (length > LongestName)
            throw new OfqlException($"{where}: an entry has a name of {length} bytes; the file is damaged.");
        var buffer = new byte[length + 1];
        fixed (byte* pointer = buffer)
        {
            Hdf5Error.Check(
                Hdf5Native.H5Lget_name_by_idx(group, ".", ByName, AsStored, number, pointer, buffer.Length, 0),
                $"{where}: cannot be listed");
            return Marshal.PtrToStringUTF8((nint)pointer)!;
        }
    }

    private static Hdf5Dataset Describe(Hdf5Handle dataset, string name, string what)
    {
        const int MaximumRank = 32;
        using var space = new Hdf5Handle(Hdf5Native.H5Dget_space(dataset.Id), Hdf5Kind.Space, what);
        using var type = new Hdf5Handle(Hdf5Native.H5Dget_type(dataset.Id), Hdf5Kind.Type, what);
        var sizes = stackalloc ulong[MaximumRank];
        var rank = (int)Hdf5Error.Check(Hdf5Native.H5Sget_simple_extent_ndims(space.Id), what);
        if (rank > MaximumRank)
            throw new OfqlException($"{what}: it has {rank} dimensions, more than HDF5 allows.");
        Hdf5Error.Check(Hdf5Native.H5Sget_simple_extent_dims(space.Id, sizes, null), what);
        var shape = new long[rank];
        for (var i = 0; i < rank; i++)
            shape[i] = (long)Math.Min(sizes[i], long.MaxValue);
        var content = Hdf5Native.H5Tget_class(type.Id) switch
        {
            0 or 1 or 8 => Hdf5Content.Numbers,
            3 => Hdf5Content.Text,
            _ => Hdf5Content.Other,
        };
        return new Hdf5Dataset(name, shape, content);
    }
}
