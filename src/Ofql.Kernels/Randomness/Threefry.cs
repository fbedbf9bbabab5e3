using System.Numerics;

namespace Ofql.Kernels.Randomness;

/// <summary>
/// Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3; SC 2011):
/// a bijection of a 64-bit counter under a 64-bit key, made of additions, rotations and exclusive ors only.
/// </summary>
public static class Threefry
{
    /// <summary>Parity constant of the key schedule for 32-bit words.</summary>
    internal const uint Parity = 0x1BD11BDA;

    /// <summary>Encrypts one counter. Returns the two output words.</summary>
    /// <param name="key">64-bit key: low word first.</param>
    /// <param name="counter">64-bit counter: low word first.</param>
    public static (uint Word0, uint Word1) Block(ulong key, ulong counter)
    {
        uint k0 = (uint)key, k1 = (uint)(key >> 32), k2 = Parity ^ k0 ^ k1;
        uint x0 = (uint)counter + k0, x1 = (uint)(counter >> 32) + k1;
        FourRounds(ref x0, ref x1, 13, 15, 26, 6);
        x0 += k1;
        x1 += k2 + 1;
        FourRounds(ref x0, ref x1, 17, 29, 16, 24);
        x0 += k2;
        x1 += k0 + 2;
        FourRounds(ref x0, ref x1, 13, 15, 26, 6);
        x0 += k0;
        x1 += k1 + 3;
        FourRounds(ref x0, ref x1, 17, 29, 16, 24);
        x0 += k1;
        x1 += k2 + 4;
        FourRounds(ref x0, ref x1, 13, 15, 26, 6);
        x0 += k2;
        x1 += k0 + 5;
        return (x0, x1);
    }

    private static void FourRounds(ref uint x0, ref uint x1, int a, int b, int c, int d)
    {
        x0 += x1;
        x1 = BitOperations.RotateLeft(x1, a) ^ x0;
        x0 += x1;
        x1 = BitOperations.RotateLeft(x1, b) ^ x0;
        x0 += x1;
        x1 = BitOperations.RotateLeft(x1, c) ^ x0;
        x0 += x1;
        x1 = BitOperations.RotateLeft(x1, d) ^ x0;
    }
}
