using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ofql.Kernels.Elementwise;

/// <summary>
/// Copies of a few floats, mostly a part of a panel's row: no call is worth it, and a loop over single floats takes four times as long. What does
/// not fill a vector is done by one that overlaps the last.
/// </summary>
internal static unsafe class ShortRun
{
    /// <summary>q[i] = p[i]; the two do not overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(float* p, float* q, int count)
    {
        if (count >= 8)
        {
            for (var i = 0; i < count - 8; i += 8)
                Vector256.Load(p + i).Store(q + i);
            Vector256.Load(p + count - 8).Store(q + count - 8);
        }
        else if (count >= 4)
        {
            Vector128.Load(p).Store(q);
            Vector128.Load(p + count - 4).Store(q + count - 4);
        }
        else
        {
            for (var i = 0; i < count; i++)
                q[i] = p[i];
        }
    }

    /// <summary>q[i] += p[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(float* p, float* q, int count)
    {
        var i = 0;
        for (; i <= count - 8; i += 8)
            (Vector256.Load(q + i) + Vector256.Load(p + i)).Store(q + i);
        for (; i < count; i++)
            q[i] += p[i];
    }

    /// <summary>q[i] = p[i] d[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(float* p, float* d, float* q, int count)
    {
        var i = 0;
        for (; i <= count - 8; i += 8)
            (Vector256.Load(p + i) * Vector256.Load(d + i)).Store(q + i);
        for (; i < count; i++)
            q[i] = p[i] * d[i];
    }

    /// <summary>q[i] += value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddNumber(float value, float* q, int count)
    {
        var eight = Vector256.Create(value);
        var i = 0;
        for (; i <= count - 8; i += 8)
            (Vector256.Load(q + i) + eight).Store(q + i);
        for (; i < count; i++)
            q[i] += value;
    }

    /// <summary>q[i] = value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fill(float value, float* q, int count)
    {
        if (count >= 8)
        {
            var eight = Vector256.Create(value);
            for (var i = 0; i < count - 8; i += 8)
                eight.Store(q + i);
            eight.Store(q + count - 8);
        }
        else if (count >= 4)
        {
            var four = Vector128.Create(value);
            four.Store(q);
            four.Store(q + count - 4);
        }
        else
        {
            for (var i = 0; i < count; i++)
                q[i] = value;
        }
    }
}
