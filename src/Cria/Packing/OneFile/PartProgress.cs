namespace Cria.Packing.OneFile;

/// <summary>Progress of one of several parts, as progress of all.</summary>
internal sealed class PartProgress : IProgress<TensorProgress>
{
    private const long Steps = 1 << 20;

    private readonly IProgress<TensorProgress> whole;
    private readonly int part, parts;

    private PartProgress(IProgress<TensorProgress> whole, int part, int parts) => (this.whole, this.part, this.parts) = (whole, part, parts);

    /// <summary>What the part numbered <paramref name="part"/>, from 0, reports to; null where nobody listens.</summary>
    public static IProgress<TensorProgress>? Of(IProgress<TensorProgress>? whole, int part, int parts) => whole is null || parts == 1 ? whole : new PartProgress(whole, part, parts);

    /// <inheritdoc/>
    public void Report(TensorProgress value) =>
        whole.Report(new TensorProgress(value.Tensor, (part * Steps) + (long)((double)value.DoneElements / Math.Max(1, value.TotalElements) * Steps), parts * Steps));
}
