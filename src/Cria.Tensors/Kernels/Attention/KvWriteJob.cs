using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>Stores the keys and values of a step in pages.</summary>
internal sealed unsafe class KvWriteJob<T> : ParallelJob where T : struct, ILanes<T>
{
    /// <summary>Tokens of a piece: those whose keys stand side by side.</summary>
    private const int Stretch = 16;

    private readonly List<AttentionSlice> pieces = [];
    private Tensor key, value;
    private KvPool pool = null!;
    private int layer;

    /// <summary>True when there is enough to share out.</summary>
    public bool IsLarge => pieces.Count > 2;

    /// <summary>Sets the work of one layer.</summary>
    public void Set(Tensor k, Tensor v, KvPool cache, int layerIndex, ReadOnlySpan<AttentionSlice> slices)
    {
        (key, value, pool, layer) = (k, v, cache, layerIndex);
        pieces.Clear();
        foreach (AttentionSlice slice in slices)
        {
            for (int done = 0; done < slice.Count;)
            {
                long position = slice.Position + done;
                int count = Math.Min(slice.Count - done, Stretch - (int)(position % Stretch));
                pieces.Add(slice with { Row = slice.Row + done, Count = count, Position = position });
                done += count;
            }
        }
    }

    public override void Run(int worker, int workerCount)
    {
        for (int piece = TakeNext(); piece < pieces.Count; piece = TakeNext())
        {
            AttentionSlice slice = pieces[piece];
            int page = slice.Pages[slice.Position / KvLayout.PageSize], offset = (int)(slice.Position % KvLayout.PageSize);
            for (int i = 0; i < slice.Count; i++) KvPage.Write<T>(pool, page, layer, offset + i, key.Row(slice.Row + i), value.Row(slice.Row + i));
        }
    }
}
