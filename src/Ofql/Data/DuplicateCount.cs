using System.Numerics;

namespace Ofql.Data;

/// <summary>
/// Counts hashes that repeat an earlier one, in bounded memory (48 MB): exactly while there are no more than <see cref="MostKept"/> different
/// ones; beyond, among those that begin with some zero bits (one in 2, 4, 8 ... of all hashes, equal ones always together), and scaled up.
/// </summary>
/// <param name="rows">How many will come, at most.</param>
/// <param name="mostKept">Different hashes kept, at most.</param>
internal sealed class DuplicateCount(long rows, int mostKept = DuplicateCount.MostKept)
{
    /// <summary>Different hashes that are counted exactly.</summary>
    public const int MostKept = 1 << 22;

    private readonly ulong[] _hashes = new ulong[(int)Math.Min(rows, mostKept)];
    private readonly int[] _repeats = new int[(int)Math.Min(rows, mostKept)];
    private int _count;
    private int _zeroBits;

    /// <summary>Whether the count is an estimate.</summary>
    public bool IsEstimate => _zeroBits > 0;

    /// <summary>Takes the hash of a row; all its bits must be well mixed.</summary>
    public void Add(ulong hash)
    {
        if (_count == _hashes.Length)
            MakeRoom();
        if (BitOperations.LeadingZeroCount(hash) < _zeroBits)
            return;
        _repeats[_count] = 0;
        _hashes[_count++] = hash;
    }

    /// <summary>The number of repetitions so far.</summary>
    public long Total()
    {
        Merge();
        var total = 0L;
        for (var i = 0; i < _count; i++)
            total += _repeats[i];
        return total << _zeroBits;
    }

    private void MakeRoom()
    {
        Merge();
        while (_count > _hashes.Length / 2)
        {
            _zeroBits++;
            Keep(hash => BitOperations.LeadingZeroCount(hash) >= _zeroBits);
        }
    }

    /// <summary>Equal hashes become one.</summary>
    private void Merge()
    {
        Array.Sort(_hashes, _repeats, 0, _count);
        var last = 0;
        for (var i = 1; i < _count; i++)
        {
            if (_hashes[i] == _hashes[last])
            {
                _repeats[last] += _repeats[i] + 1;
                continue;
            }

            last++;
            (_hashes[last], _repeats[last]) = (_hashes[i], _repeats[i]);
        }

        _count = Math.Min(_count, last + 1);
    }

    private void Keep(Func<ulong, bool> wanted)
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (!wanted(_hashes[i]))
                continue;
            (_hashes[kept], _repeats[kept]) = (_hashes[i], _repeats[i]);
            kept++;
        }

        _count = kept;
    }
}
