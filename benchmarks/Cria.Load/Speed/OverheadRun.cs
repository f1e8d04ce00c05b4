using Cria.Evaluation;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;

namespace Cria.Load.Speed;

/// <summary>
/// What a server costs beside the model it runs: further tokens of one stream against steps of the same model in this process, as <c>cria bench</c> takes them. The two take turns of about a second,
/// because machines that others use change their speed from one second to the next; the figure is the median of the turns' ratios.
/// </summary>
internal sealed class OverheadRun(Api api, string modelPath)
{
    private const int Turns = 25, Tokens = 24, Depth = 64;

    /// <summary>Measures, and writes rows of a table.</summary>
    public async Task RunAsync()
    {
        using ITensorSource source = ModelSource.Open(modelPath);
        using var model = new Llama(source, LlamaConfig.From(source), CpuBackend.Create(0));
        using var bench = new ThroughputBench(model, source);
        var rates = new RateRun(api);
        await rates.WarmUpAsync().ConfigureAwait(false);
        bench.Decode(256, 1, Depth);
        var own = new List<double>();
        var ratios = new List<double>();
        for (int turn = 0; turn < Turns; turn++)
        {
            double before = Step();
            double served = await rates.TokenSecondsAsync(_ => { }).ConfigureAwait(false);
            double step = (before + Step()) / 2;
            own.Add(1 / step);
            ratios.Add(served / step);
        }
        ratios.Sort();
        Table.Row($"steps of the model alone, {Turns} times in turn with one stream, tokens/s", Table.Median(own));
        Table.Row("a token of one stream, times such a step", Table.Median(ratios), 3);
        Table.Row("its quartiles, low", ratios[Turns / 4], 3);
        Table.Row("high", ratios[Turns * 3 / 4], 3);

        double Step() => bench.Decode(Tokens, 1, Depth).Seconds[0] / Tokens;
    }
}
