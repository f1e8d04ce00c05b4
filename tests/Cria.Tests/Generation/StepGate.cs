using Cria.Tensors.Backends;

namespace Cria.Tests.Generation;

/// <summary>A network that stops before its first step until it is opened, and notes how many tokens of each sequence every step takes.</summary>
internal sealed class StepGate : IDisposable
{
    private readonly SemaphoreSlim reached = new(0);
    private readonly ManualResetEventSlim open = new();

    public StepGate() => Network = new RecallNetwork
    {
        BeforeStep = batch =>
        {
            var counts = new List<int>();
            foreach (AttentionSlice slice in batch.Slices) counts.Add(slice.Count);
            Steps.Add([.. counts]);
            reached.Release();
            open.Wait();
        },
    };

    public RecallNetwork Network { get; }

    public List<int[]> Steps { get; } = [];

    public async Task Reached(int step)
    {
        for (int i = 0; i <= step; i++) await reached.WaitAsync(TestContext.Current.CancellationToken);
    }

    public void Open() => open.Set();

    public void Dispose()
    {
        open.Set();
        reached.Dispose();
        open.Dispose();
    }
}
