using System.Globalization;

namespace Ofql.Formats.Svg;

/// <summary>Maps numbers to a stretch of the drawing, with ticks at round numbers that enclose the data.</summary>
internal sealed class Axis
{
    private readonly double _low;
    private readonly double _high;

    public Axis(IEnumerable<double> values, double begin, double end)
    {
        (Begin, End) = (begin, end);
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        // A single value gets room on both sides.
        if (high - low <= 1e-12 * Math.Max(Math.Abs(low), Math.Abs(high)))
            (low, high) = (low - Math.Max(0.5, Math.Abs(low) / 10), high + Math.Max(0.5, Math.Abs(high) / 10));
        Interval = RoundInterval((high - low) / 5);
        _low = Math.Floor(low / Interval) * Interval;
        _high = Math.Ceiling(high / Interval) * Interval;
    }

    public double Begin { get; }

    public double End { get; }

    public double Interval { get; }

    public IEnumerable<double> Ticks
    {
        get
        {
            var count = (int)Math.Round((_high - _low) / Interval);
            for (var i = 0; i <= count; i++)
                yield return _low + (i * Interval);
        }
    }

    /// <summary>1, 2 or 5 times a power of ten, not below <paramref name="least"/>.</summary>
    public static double RoundInterval(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        var factor = least / power;
        return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
    }

    public double Place(double value) => Begin + ((value - _low) / (_high - _low) * (End - Begin));

    public string Text(double tick)
    {
        var rounded = Math.Abs(tick) < Interval / 1000 ? 0 : tick;
        var size = Math.Max(Math.Abs(_low), Math.Abs(_high));
        if (size >= 1e6)
            return (rounded / 1e6).ToString("0.###", CultureInfo.InvariantCulture) + "M";
        if (size >= 1e4)
            return (rounded / 1e3).ToString("0.###", CultureInfo.InvariantCulture) + "k";
        return rounded.ToString("G6", CultureInfo.InvariantCulture);
    }
}
