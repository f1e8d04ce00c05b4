using Cria.Adapters;
using Cria.Generation;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors.Backends;

namespace Cria;

/// <summary>How a model is loaded. The defaults suit one user on this machine.</summary>
public sealed record LoadOptions
{
    /// <summary>Threads that compute; 0 is one a physical core.</summary>
    public int Threads { get; init; }

    /// <summary>Most tokens of prompt and answer together; null is what the model was made for, as far as memory reaches.</summary>
    public long? ContextLength { get; init; }

    /// <summary>How keys and values are kept: I16 or F16 (<see cref="KvTypes.Default"/> is the one this processor is faster with), F32 for twice the memory, I8 (with VNNI the fastest for long prompts) or Q8_0 for about half, or Q4_0 for about a quarter; one type for both, or one each.</summary>
    public KvTypes KvType { get; init; } = KvTypes.Default;

    /// <summary>Tokens of all conversations together whose keys and values may be kept; null is about half of the memory that the weights leave. Memory is taken as it is used.</summary>
    public long? KvTokens { get; init; }

    /// <summary>Answers that are computed at once; further requests wait.</summary>
    public int Parallel { get; init; } = 16;

    /// <summary>Requests that may wait; further ones are refused with <see cref="QueueFullException"/>.</summary>
    public int QueueCapacity { get; init; } = 1024;

    /// <summary>Replaces the rotary scaling that the file names.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Replaces the rotary base that the file names.</summary>
    public double? RopeTheta { get; init; }

    /// <summary>LoRA adapters to apply, by their paths: <c>["style"]</c> (<see cref="LoraAdapter.Open"/> has the forms). Their factors stay beside the weights, which keep their type; applying costs a few percent of speed.</summary>
    public IReadOnlyList<AdapterFile> Adapters { get; init; } = [];

    /// <summary>LoRA adapters of which each request may choose one by name (<see cref="GenerationOptions.Adapter"/>), besides those of <see cref="Adapters"/>. Requests with different ones are computed together.</summary>
    public IReadOnlyList<NamedAdapter> NamedAdapters { get; init; } = [];

    /// <summary>Where the model is kept in the layout that this processor's kernels want, so that its first tokens are as fast as later ones; null keeps nothing.</summary>
    public PreparedCache? Cache { get; init; }

    /// <summary>Hears the share of the weights that is loaded, 0 to 1.</summary>
    public IProgress<double>? Progress { get; init; }
}
