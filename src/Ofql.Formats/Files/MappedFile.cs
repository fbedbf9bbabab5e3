using System.IO.MemoryMappedFiles;

namespace Ofql.Formats.Files;

/// <summary>
/// A whole file mapped read-only into memory. The mapping lives until its last lease is given back, so that columns may
/// outlive the reader that made them. A file that another program shortens meanwhile cannot be guarded against: this
/// library always writes a new file and renames it, which leaves existing mappings whole.
/// </summary>
internal sealed unsafe class MappedFile
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private int _leases = 1;

    private MappedFile(MemoryMappedFile map, MemoryMappedViewAccessor view, long length)
    {
        _map = map;
        _view = view;
        Length = length;
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        Pointer = pointer + view.PointerOffset;
    }

    /// <summary>First byte of the file.</summary>
    public byte* Pointer { get; }

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Maps the file. The caller holds the first lease and gives it back with <see cref="Release"/>.</summary>
    /// <exception cref="OfqlException">The file cannot be read.</exception>
    public static MappedFile Open(string path)
    {
        _ = InputFile.CheckedLength(path);
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1);
            MemoryMappedFile? map = null;
            try
            {
                var length = stream.Length;
                map = MemoryMappedFile.CreateFromFile(
                    stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
                return new MappedFile(map, map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
            }
            catch
            {
                map?.Dispose();
                stream.Dispose();
                throw;
            }
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("read", path, cause);
        }
    }

    /// <summary>Another lease; disposing it twice counts once.</summary>
    public IDisposable Lease()
    {
        Interlocked.Increment(ref _leases);
        return new FileLease(this);
    }

    /// <summary>Gives one lease back; the last one unmaps the file.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _leases) != 0)
            return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    private sealed class FileLease(MappedFile file) : IDisposable
    {
        private MappedFile? _file = file;

        public void Dispose() => Interlocked.Exchange(ref _file, null)?.Release();
    }
}
