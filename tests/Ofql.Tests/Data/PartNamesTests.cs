using Ofql.Data;
using Xunit;

namespace Ofql.Tests.Data;

public class PartNamesTests
{
    [Theory]
    [InlineData("speed, angle", "speed", "angle")]
    [InlineData("speed, \"force, left\", \"5\"\" arm\"", "speed", "force, left", "5\" arm")]
    [InlineData("one", "one")]
    [InlineData("", "")]
    [InlineData("a, , b", "a", "", "b")]
    public void Names_come_back(string text, params string[] names)
    {
        Assert.Equal(text, PartNames.Join(names));
        Assert.Equal(names, PartNames.Split(text));
    }

    [Theory]
    [InlineData("\"never closed, a", "\"never closed, a")]
    [InlineData("\"", "\"")]
    [InlineData("position (3), velocity (2)", "position (3)", "velocity (2)")]
    public void A_text_of_another_origin_is_taken_apart_where_it_can_be(string text, params string[] names) => Assert.Equal(names, PartNames.Split(text));
}
