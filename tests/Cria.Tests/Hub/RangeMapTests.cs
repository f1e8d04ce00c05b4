using Cria.Hub;

namespace Cria.Tests.Hub;

public sealed class RangeMapTests : IDisposable
{
    private readonly HubSandbox sandbox = new();

    private string Blob => Path.Combine(sandbox.Folder, "blob");

    public void Dispose() => sandbox.Dispose();

    [Fact]
    public void Hands_out_every_missing_block_once_and_remembers_what_came()
    {
        using (RangeMap map = Open())
        {
            Assert.Equal((0, 3), map.Take(3));
            Assert.Equal((3, 4), map.Take(1));
            map.Mark(1);
            map.Mark(9);
            Assert.Equal(100 + 50, map.DoneBytes);
        }
        Assert.Equal(150, RangeMap.DoneBytesOf(Blob));
        using RangeMap again = Open();
        Assert.Equal((0, 1), again.Take(5));
        Assert.Equal((2, 7), again.Take(5));
        Assert.Equal((7, 9), again.Take(5));
        Assert.Equal((10, 10), again.Take(5));
    }

    [Fact]
    public void Begins_anew_without_its_bytes_with_another_size_and_when_damaged()
    {
        Marked();
        Assert.Equal(0, Open(hasPart: false).Closed());
        Marked();
        Assert.Equal(0, RangeMap.Open(Blob, 900, 100, hasPart: true).Closed());
        byte[] whole = Marked();
        var random = new Random(1);
        for (int i = 0; i < 2000; i++)
        {
            byte[] damaged = whole[..random.Next(whole.Length + 1)];
            if (damaged.Length > 0) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(Blob + RangeMap.Ending, damaged);
            using RangeMap map = Open();
            Assert.InRange(map.DoneBytes, 0, 950);
            Assert.Equal(950, map.Size);
        }
    }

    private RangeMap Open(bool hasPart = true) => RangeMap.Open(Blob, 950, 100, hasPart);

    private byte[] Marked()
    {
        using (RangeMap map = Open()) map.Mark(2);
        return File.ReadAllBytes(Blob + RangeMap.Ending);
    }
}

/// <summary>Shorthand for the tests above.</summary>
internal static class RangeMapEnd
{
    public static long Closed(this RangeMap map)
    {
        using (map) return map.DoneBytes;
    }
}
