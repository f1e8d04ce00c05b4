using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Extension;

/// <summary>A model with another context, base and stretching of positions. Its weights are those of the model below, where they lie.</summary>
public sealed class ExtendedSource : ITensorSource, IGgufSettings
{
    private const string Context = "llama.context_length", Base = "llama.rope.freq_base", Scaling = "llama.rope.scaling.", OldLinear = "llama.rope.scale_linear";

    private readonly ITensorSource below;
    private readonly AssembledSource added;

    /// <summary>Applies a plan to a model, which this takes over.</summary>
    public ExtendedSource(ITensorSource model, RotaryPlan plan)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        below = model;
        int headSize = LlamaConfig.From(model).HeadSize;
        RopeScaling rule = plan.Scaling;
        // GGUF has Llama 3.1's rule as a tensor of divisors; every engine reads that, few a name.
        added = new AssembledSource(model.Path, [], rule.Rule != RopeRule.Llama3 ? [] :
            [RopeDivisors.Tensor(RopeDivisors.Of(plan.Theta, headSize, rule.Factor, rule.LowFrequencyFactor, rule.HighFrequencyFactor, rule.OriginalContext))], []);
        Tensors = [.. model.Tensors.Where(tensor => tensor.Name != RopeDivisors.TensorName), .. added.Tensors];
        List<GgufEntry> changes = [Whole(Context, plan.Context), Real(Base, plan.Theta), .. Stretching(rule)];
        Entries = [.. Replaced(GgufEntries.Of(model), changes)];
        // Other containers keep the base in double.
        Metadata = new ModelMetadata(model.Path, Entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Key == Base ? plan.Theta : entry.Widened)));
    }

    /// <inheritdoc/>
    public string Path => below.Path;

    /// <inheritdoc/>
    public ModelMetadata Metadata { get; }

    /// <inheritdoc/>
    public IReadOnlyList<GgufEntry> Entries { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public bool TryGet(string name, out TensorInfo info) => name == RopeDivisors.TensorName ? added.TryGet(name, out info) : below.TryGet(name, out info);

    /// <inheritdoc/>
    public TensorView View(TensorInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        return info.Name == RopeDivisors.TensorName ? added.View(info) : below.View(info);
    }

    /// <inheritdoc/>
    public void Release(TensorInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        if (info.Name == RopeDivisors.TensorName) added.Release(info);
        else below.Release(info);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        added.Dispose();
        below.Dispose();
    }

    private static IEnumerable<GgufEntry> Stretching(RopeScaling rule)
    {
        if (rule.Rule == RopeRule.None) yield break;
        yield return Whole(Scaling + "original_context_length", rule.OriginalContext);
        if (rule.Rule == RopeRule.Llama3)
        {
            yield return Real(Scaling + "low_freq_factor", rule.LowFrequencyFactor);
            yield return Real(Scaling + "high_freq_factor", rule.HighFrequencyFactor);
            yield break;
        }
        yield return new GgufEntry(Scaling + "type", GgufValueType.String, rule.Rule.ToString().ToLowerInvariant());
        yield return Real(Scaling + "factor", rule.Factor);
        if (rule.Rule != RopeRule.Yarn) yield break;
        if (rule.AttentionFactor is { } attention) yield return Real(Scaling + "attn_factor", attention);
        yield return Real(Scaling + "yarn_beta_fast", rule.BetaFast);
        yield return Real(Scaling + "yarn_beta_slow", rule.BetaSlow);
    }

    /// <summary>The settings with the changes where the old values stood, what is new behind the base, and nothing left of an old stretching.</summary>
    private static IEnumerable<GgufEntry> Replaced(IReadOnlyList<GgufEntry> entries, List<GgufEntry> changes)
    {
        var left = changes.ToDictionary(change => change.Key, StringComparer.Ordinal);
        foreach (GgufEntry entry in entries)
        {
            if (entry.Key == OldLinear || (entry.Key.StartsWith(Scaling, StringComparison.Ordinal) && !left.ContainsKey(entry.Key))) continue;
            yield return left.Remove(entry.Key, out GgufEntry? change) ? change : entry;
            if (entry.Key != Base) continue;
            foreach (GgufEntry more in changes)
                if (!entries.Any(other => other.Key == more.Key) && left.Remove(more.Key)) yield return more;
        }
        foreach (GgufEntry more in changes)
            if (left.ContainsKey(more.Key)) yield return more;
    }

    private static GgufEntry Whole(string key, long value) => new(key, GgufValueType.UInt32, checked((uint)value));

    private static GgufEntry Real(string key, double value) => new(key, GgufValueType.Float32, (float)value);
}
