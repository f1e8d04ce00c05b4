namespace Cria.Tests.Generation;

public class StopStringsTests
{
    [Fact]
    public void Text_ends_before_the_first_stop_however_it_is_cut()
    {
        var random = new Random(11);
        for (int round = 0; round < 5000; round++)
        {
            string text = Word(random, random.Next(30));
            string[] stops = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Word(random, random.Next(1, 5)))];
            var finder = new StopStrings(stops);
            string got = "";
            int given = 0;
            while (given < text.Length && finder.Found is null)
            {
                int length = random.Next(0, 4);
                length = Math.Min(length, text.Length - given);
                got += finder.Push(text.AsSpan(given, length));
                given += length;
            }
            got += finder.Found is null ? finder.Flush() : "";
            // Of what was given, the text before the first stop that is whole.
            int[] places = [.. stops.Select(stop => text[..given].IndexOf(stop, StringComparison.Ordinal)).Where(place => place >= 0)];
            Assert.Equal(places.Length > 0, finder.Found is not null);
            Assert.Equal(places.Length > 0 ? text[..places.Min()] : text, got);
        }
    }

    [Fact]
    public void Only_what_may_begin_a_stop_is_held_back()
    {
        var finder = new StopStrings(["\n\nUser:", "END"]);
        Assert.Equal("Hello", finder.Push("Hello\n"));
        Assert.Equal("\nworld ", finder.Push("world E"));
        Assert.Equal("E", finder.Push("E"));
        Assert.Equal("", finder.Push("N"));
        Assert.Equal("EN", finder.Flush());
        Assert.Equal("x", finder.Push("xEND and more"));
        Assert.Equal("END", finder.Found);
        Assert.Equal("", finder.Push("more"));
    }

    private static string Word(Random random, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(3))));
}
