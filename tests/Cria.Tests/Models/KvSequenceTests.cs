using System.Runtime.InteropServices;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;

namespace Cria.Tests.Models;

public class KvSequenceTests
{
    [Fact]
    public void Forks_share_pages_until_either_side_writes()
    {
        using var cache = new KvCache(new KvPool(new KvLayout(1, 1, 16, TensorType.F32), 10));
        KvSequence first = cache.NewSequence();
        Write(cache, first, 1, 100);
        KvSequence second = first.Fork(90);
        Assert.Equal(2, cache.UsedPages);
        Write(cache, second, 2, 50);
        Assert.Equal(4, cache.UsedPages);
        Write(cache, first, 3, 10);
        Assert.Equal(4, cache.UsedPages);
        Assert.Equal([.. Enumerable.Repeat(1, 100), .. Enumerable.Repeat(3, 10)], Read(cache, first));
        Assert.Equal([.. Enumerable.Repeat(1, 90), .. Enumerable.Repeat(2, 50)], Read(cache, second));
        first.Dispose();
        Assert.Equal([.. Enumerable.Repeat(1, 90), .. Enumerable.Repeat(2, 50)], Read(cache, second));
        second.Dispose();
        Assert.Equal(0, cache.UsedPages);
    }

    [Fact]
    public void Truncating_gives_pages_back_and_never_writes_into_shared_ones()
    {
        using var cache = new KvCache(new KvPool(new KvLayout(1, 1, 16, TensorType.F32), 10));
        KvSequence first = cache.NewSequence();
        Write(cache, first, 1, 128);
        KvSequence second = first.Fork(128);
        second.Truncate(30);
        Write(cache, second, 2, 40);
        Assert.Equal(Enumerable.Repeat(1, 128), Read(cache, first));
        Assert.Equal([.. Enumerable.Repeat(1, 30), .. Enumerable.Repeat(2, 40)], Read(cache, second));
        second.Truncate(0);
        Assert.Equal((2, 0), (cache.UsedPages, second.PageCount));
    }

    [Fact]
    public void A_full_cache_refuses_and_takes_nothing()
    {
        using var cache = new KvCache(new KvPool(new KvLayout(1, 1, 16, TensorType.F32), 2));
        KvSequence first = cache.NewSequence();
        Write(cache, first, 1, 60);
        KvSequence second = cache.NewSequence();
        Assert.False(new Batch().TryAdd(second, new int[65], Logits.None, out _));
        Assert.Equal(1, cache.UsedPages);
        Assert.Equal(2, second.PagesToReserve(65));
        Write(cache, second, 2, 64);
        Assert.Equal(0, cache.FreePages);
        Assert.False(new Batch().TryAdd(first, new int[5], Logits.None, out _));
        Write(cache, first, 3, 4);
        Assert.Equal([.. Enumerable.Repeat(1, 60), .. Enumerable.Repeat(3, 4)], Read(cache, first));
    }

    private static void Write(KvCache cache, KvSequence sequence, int value, int count)
    {
        var batch = new Batch();
        int from = sequence.Length;
        Assert.True(batch.TryAdd(sequence, new int[count], Logits.None, out _));
        for (int i = from; i < from + count; i++) Cell(cache, sequence, i) = value;
        batch.Commit();
    }

    private static int[] Read(KvCache cache, KvSequence sequence) => [.. Enumerable.Range(0, sequence.Length).Select(i => Cell(cache, sequence, i))];

    private static ref int Cell(KvCache cache, KvSequence sequence, int position) =>
        ref MemoryMarshal.Cast<byte, int>(cache.Pool.Part(sequence.Pages[position / KvLayout.PageSize], 0))[position % KvLayout.PageSize];
}
