using Cria.Tensors.Backends;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Tests.Backends;

/// <summary>Pages and the slabs they lie in.</summary>
public unsafe class KvPoolTests
{
    private static readonly KvLayout Layout = new(2, 3, 16, TensorType.F32);

    [Fact]
    public void Pages_of_a_slab_lie_side_by_side_in_every_part()
    {
        using var pool = new KvPool(Layout, 100);
        int[] pages = [.. Enumerable.Range(0, 48).Select(_ => Take(pool))];
        Assert.Equal(Enumerable.Range(0, 48), pages);
        // 1, 1, 2, 4, 8 and then 16 pages each.
        foreach (int slab in new[] { 2, 4, 8, 16, 32 })
        {
            for (int page = slab + 1; page < Math.Min(2 * slab, slab + 16); page++)
            {
                for (int layer = 0; layer < 2; layer++)
                {
                    for (int head = 0; head < 3; head++) Assert.Equal(Layout.PartBytes, pool.Keys(page, layer, head) - pool.Keys(page - 1, layer, head));
                }
            }
        }
        Assert.Equal(48 * Layout.PageBytes, pool.ReservedBytes);
        // No two parts of any pages overlap.
        for (int page = 0; page < 48; page++)
        {
            for (int part = 0; part < Layout.PartCount; part++) pool.Part(page, part).Fill((byte)(page * 5 + part));
        }
        for (int page = 0; page < 48; page++)
        {
            for (int part = 0; part < Layout.PartCount; part++) Assert.Equal(-1, pool.Part(page, part).IndexOfAnyExcept((byte)(page * 5 + part)));
        }
    }

    [Fact]
    public void Any_order_of_taking_and_giving_back_keeps_pages_apart_and_gives_them_zeroed()
    {
        const int Most = 40;
        using var pool = new KvPool(Layout, Most);
        var random = new Random(3);
        var used = new List<int>();
        for (int step = 0; step < 20_000; step++)
        {
            if (used.Count > 0 && random.Next(used.Count + 15) >= 15)
            {
                int at = random.Next(used.Count);
                pool.Free(used[at]);
                used.RemoveAt(at);
            }
            else
            {
                int previous = used.Count == 0 || random.Next(3) == 0 ? -1 : used[random.Next(used.Count)];
                bool hasRoom = used.Count < Most;
                Assert.Equal(hasRoom, pool.TryAllocate(out int page, previous));
                if (!hasRoom) continue;
                Assert.DoesNotContain(page, used);
                Assert.InRange(page, 0, Most - 1);
                int part = random.Next(Layout.PartCount);
                Assert.Equal(-1, pool.Part(page, part).IndexOfAnyExcept((byte)0));
                pool.Part(page, part).Fill(7);
                used.Add(page);
            }
            Assert.Equal(used.Count, pool.UsedPages);
        }
    }

    [Fact]
    public void The_page_behind_another_is_taken_where_it_is_free()
    {
        using var pool = new KvPool(Layout, 8);
        for (int i = 0; i < 8; i++) Take(pool);
        foreach (int page in new[] { 5, 2, 7 }) pool.Free(page);
        Assert.Equal(5, Take(pool, previous: 4));
        Assert.Equal(7, Take(pool, previous: 4));
        Assert.Equal(2, Take(pool, previous: 7));
        Assert.False(pool.TryAllocate(out _, 1));
    }

    [Fact]
    public void Where_memory_is_short_slabs_are_smaller_and_then_nothing_has_changed()
    {
        long bytes = 5 * Layout.PageBytes;
        using var pool = new KvPool(Layout, 100)
        {
            Take = wanted => (bytes -= wanted) >= 0 ? new NativeBuffer(wanted) : throw Refused(wanted),
        };
        for (int i = 0; i < 5; i++) Assert.Equal(i, Take(pool));
        Assert.Throws<InsufficientMemoryException>(() => pool.TryAllocate(out _));
        Assert.Equal((5, 5 * Layout.PageBytes), (pool.UsedPages, pool.ReservedBytes));
        pool.Free(3);
        Assert.Equal(3, Take(pool));

        InsufficientMemoryException Refused(long wanted)
        {
            bytes += wanted;
            return new InsufficientMemoryException();
        }
    }

    private static int Take(KvPool pool, int previous = -1)
    {
        Assert.True(pool.TryAllocate(out int page, previous));
        return page;
    }
}
