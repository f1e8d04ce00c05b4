using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;

namespace Cria.Generation;

/// <summary>Prompts that leave for a file or come from one; those of the model itself, without an adapter that a request chose.</summary>
internal sealed partial class Scheduler
{
    private int heldPrompts;

    /// <summary>Holds the pages of a known prompt. Throws <see cref="CriaException"/> when not all of it is known.</summary>
    public KnownPrompt Hold(ReadOnlySpan<int> prompt)
    {
        var path = new List<PrefixNode>();
        PrefixNode? part = prefixes.Match(0, prompt, path, out int partLength);
        int known = path.Count * KvLayout.PageSize + partLength;
        if (known < prompt.Length)
        {
            if (part is not null) prefixes.Release(part);
            prefixes.Release(path);
            throw new CriaException($"of the prompt's {prompt.Length} tokens only {known} are still in the cache; compute it again, with more room for keys and values");
        }
        var pages = new List<KvPageMemory>(path.Count + 1);
        foreach (PrefixNode node in path) pages.Add(cache.Pool.Memory(node.Page));
        if (part is not null)
        {
            // Another prompt may go on behind the part that agrees.
            pages.Add(cache.Pool.Memory(part.Page).CopyBefore(cache.Pool.Layout, partLength));
        }
        heldPrompts++;
        return new KnownPrompt(path, part, pages);
    }

    /// <summary>Lets a held prompt go; it stays known.</summary>
    public void Release(KnownPrompt prompt)
    {
        heldPrompts--;
        if (prompt.Part is { } part) prefixes.Release(part);
        prefixes.Release(prompt.Path);
    }

    /// <summary>A sequence with pages for a prompt that comes from <paramref name="source"/>, and their memory. Throws <see cref="CriaException"/> when there is no room.</summary>
    public (KvSequence Sequence, KvPageMemory[] Pages) MakeRoom(int length, string source)
    {
        KvSequence sequence = cache.NewSequence();
        try
        {
            while (!sequence.TryReserve(length))
            {
                if (!prefixes.TryEvict())
                    throw new CriaException($"{source} holds {length} tokens, and the cache has no room for their keys and values ({cache.FreePages * KvLayout.PageSize} of {cache.MaxPages * KvLayout.PageSize} tokens are free); try again later or load with a larger context");
            }
            var pages = new KvPageMemory[sequence.PageCount];
            for (int i = 0; i < pages.Length; i++) pages[i] = cache.Pool.Memory(sequence.Pages[i]);
            heldPrompts++;
            return (sequence, pages);
        }
        catch
        {
            sequence.Dispose();
            throw;
        }
    }

    /// <summary>Makes the pages of a sequence from <see cref="MakeRoom"/> known as those of <paramref name="tokens"/>; with none, gives them back.</summary>
    public void Take(KvSequence sequence, ReadOnlySpan<int> tokens)
    {
        heldPrompts--;
        var path = new List<PrefixNode>();
        while (tokens.Length >= KvLayout.PageSize)
        {
            PrefixNode? node = prefixes.Add(path.Count == 0 ? null : path[^1], 0, tokens[..KvLayout.PageSize], sequence.Pages[path.Count]);
            if (node is null) break;
            path.Add(node);
            tokens = tokens[KvLayout.PageSize..];
        }
        if (tokens.Length is > 0 and < KvLayout.PageSize) prefixes.AddPart(path.Count == 0 ? null : path[^1], 0, tokens, sequence.Pages[path.Count]);
        prefixes.Release(path);
        sequence.Dispose();
    }
}
