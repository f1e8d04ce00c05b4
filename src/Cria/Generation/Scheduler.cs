using Cria.Models;
using Cria.Tensors.Backends;

namespace Cria.Generation;

/// <summary>
/// Decides at every step which sequences run, how many tokens of each are taken, and who gives way when pages run out. Used by one thread.
/// </summary>
internal sealed partial class Scheduler(KvCache cache, EngineOptions options, int maxLogitRows)
{
    private readonly PrefixCache prefixes = new(cache);
    private readonly List<Sequence> waiting = [];
    private readonly List<Sequence> running = [];
    private readonly List<Sequence> prompting = [];

    /// <summary>Sequences that run, most important first. A list, because walking over an interface would make garbage at every step.</summary>
    public List<Sequence> Running => running;

    /// <summary>Sequences that wait, most important first.</summary>
    public List<Sequence> Waiting => waiting;

    /// <summary>Sequences of this step that the system has no memory for. They are not in the batch; who plans ends them.</summary>
    public List<Sequence> Starved { get; } = [];

    /// <summary>Pages of known prefixes that no sequence needs.</summary>
    public int IdlePages => prefixes.EvictablePages;

    /// <summary>Times a sequence was pushed out.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Takes a new sequence.</summary>
    public void Add(Sequence sequence) => Insert(waiting, sequence);

    /// <summary>Lets a sequence go. What it computed stays known.</summary>
    public void Remove(Sequence sequence)
    {
        if (!running.Remove(sequence)) waiting.Remove(sequence);
        GiveBack(sequence);
    }

    /// <summary>Fills the batch of the next step, empty when there is nothing to do.</summary>
    public void Plan(Batch batch)
    {
        batch.Clear();
        Admit();
        Share();
        Reserve();
        foreach (Sequence sequence in running)
        {
            if (sequence.Planned == 0) continue;
            int from = sequence.Cache!.Length;
            Logits wanted = sequence.ReadsFeatures ? Logits.Features
                : sequence.Reader is not null && from + sequence.Planned > sequence.ReadFrom ? Logits.All
                : sequence.Reader is null && sequence.Planned == sequence.Pending ? Logits.Last
                : Logits.None;
            if (!batch.TryAdd(sequence.Cache, sequence.Tokens.Slice(from, sequence.Planned), wanted, out int firstOutput)) throw new InvalidOperationException("reserved pages are gone");
            sequence.FirstOutput = firstOutput;
        }
    }

    /// <summary>Makes the pages that the last step filled known.</summary>
    public void Commit()
    {
        foreach (Sequence sequence in running)
        {
            if (sequence.Planned == 0) continue;
            KvSequence own = sequence.Cache!;
            while (sequence.MayAddPages && (sequence.Path.Count + 1) * KvLayout.PageSize <= own.Length)
            {
                int index = sequence.Path.Count;
                PrefixNode? parent = index == 0 ? null : sequence.Path[^1];
                PrefixNode? node = prefixes.Add(parent, sequence.Adapter, own.TokenSpan.Slice(index * KvLayout.PageSize, KvLayout.PageSize), own.Pages[index]);
                if (node is null)
                {
                    sequence.MayAddPages = false;
                    break;
                }
                // Another sequence computed the same page at the same time: one of the two is enough.
                if (node.Page != own.Pages[index]) own.ReplacePage(index, node.Page);
                sequence.Path.Add(node);
            }
        }
    }

    /// <summary>Starts a waiting sibling on the pages of <paramref name="leader"/>, which has just taken in their prompt; false when there is no room yet.</summary>
    public bool TryFork(Sequence leader, Sequence sibling)
    {
        if (sibling.Cache is not null || sibling.Generated > 0 || running.Count >= options.MaxSequences || !waiting.Remove(sibling)) return false;
        sibling.Cache = leader.Cache!.Fork(sibling.PromptLength);
        foreach (PrefixNode node in leader.Path) sibling.Path.Add(node);
        sibling.MayAddPages = leader.MayAddPages;
        prefixes.Hold(sibling.Path);
        sibling.Planned = 0;
        sibling.Handle.Started(sibling.PromptLength);
        Insert(running, sibling);
        return true;
    }

    private void Admit()
    {
        for (int i = 0; i < waiting.Count; i++)
        {
            Sequence next = waiting[i];
            if (next.WaitsForSibling) continue;
            while (running.Count >= options.MaxSequences && running[^1].Priority < next.Priority) Preempt(running[^1]);
            if (running.Count >= options.MaxSequences) return;
            int reusable = next.Reader is null ? next.Length - 1 : Math.Min(next.ReadFrom, next.Length - 1);
            PrefixNode? part = prefixes.Match(next.Adapter, next.Tokens[..reusable], next.Path, out int partLength);
            while (!HasRoom(next) && running[^1].Priority < next.Priority) Preempt(running[^1]);
            bool fits = HasRoom(next);
            if (fits)
            {
                waiting.RemoveAt(i--);
                Begin(next, part, partLength);
                Insert(running, next);
            }
            if (part is not null) prefixes.Release(part);
            if (fits) continue;
            // Those behind it wait too, or a large one would wait for ever.
            prefixes.Release(next.Path);
            return;
        }
    }

    /// <summary>True when the pages a sequence needs, beyond the known ones it holds already, are free after all that runs has got its own.</summary>
    private bool HasRoom(Sequence next)
    {
        if (running.Count == 0) return true;
        long promised = 0;
        foreach (Sequence sequence in running) promised += Math.Max(0, sequence.PagesWanted - sequence.Cache!.PageCount) + 1;
        return next.PagesWanted - next.Path.Count + promised <= cache.FreePages + prefixes.EvictablePages;
    }

    /// <summary>Gives a sequence its known pages. Of the last one only the beginning is right; it is copied before it is written to.</summary>
    private void Begin(Sequence sequence, PrefixNode? part, int partLength)
    {
        int count = sequence.Path.Count + (part is null ? 0 : 1);
        Span<int> pages = count <= 256 ? stackalloc int[count] : new int[count];
        for (int i = 0; i < sequence.Path.Count; i++) pages[i] = sequence.Path[i].Page;
        if (part is not null) pages[^1] = part.Page;
        sequence.Cache = cache.NewSequence(sequence.Tokens[..(sequence.Path.Count * KvLayout.PageSize + partLength)], pages, sequence.CapacityHint, sequence.Adapter);
        sequence.MayAddPages = true;
        sequence.Handle.Started(sequence.Cache.Length);
    }

    /// <summary>Shares the step's prompt tokens out: equally, and what short prompts leave goes to longer ones, so that a short one need not wait for a long one.</summary>
    private void Share()
    {
        prompting.Clear();
        foreach (Sequence sequence in running)
        {
            sequence.Planned = sequence.Pending == 1 ? 1 : 0;
            if (sequence.Planned > 0) continue;
            int place = prompting.Count;
            while (place > 0 && prompting[place - 1].Pending > sequence.Pending) place--;
            prompting.Insert(place, sequence);
        }
        int budget = prompting.Count < running.Count ? options.PromptChunkWhileAnswering : options.PromptChunk;
        int rows = maxLogitRows;
        for (int i = 0; i < prompting.Count; i++)
        {
            Sequence sequence = prompting[i];
            int share = Math.Min(sequence.Pending, Math.Max(1, budget / (prompting.Count - i)));
            if (sequence.Reader is not null && !sequence.ReadsFeatures) share = LimitRows(sequence, share, ref rows);
            sequence.Planned = share;
            budget -= share;
        }
    }

    /// <summary>Keeps the logits of a step within bounds: a chunk either ends before the first position that is read, or begins at or after it.</summary>
    private static int LimitRows(Sequence sequence, int share, ref int rows)
    {
        int before = sequence.ReadFrom - sequence.Cache!.Length;
        if (before > 0) return Math.Min(share, before);
        share = Math.Min(share, rows);
        rows -= share;
        return share;
    }

    /// <summary>Takes the pages of this step, most important sequence first; the least important gives way.</summary>
    private void Reserve()
    {
        for (int i = 0; i < running.Count; i++)
        {
            Sequence sequence = running[i];
            if (sequence.Planned == 0) continue;
            int length = sequence.Cache!.Length + sequence.Planned;
            while (cache.FreePages < sequence.Cache.PagesToReserve(length))
            {
                if (prefixes.TryEvict()) continue;
                Sequence last = running[^1];
                if (last == sequence && i == 0)
                {
                    if (heldPrompts == 0) throw new InvalidOperationException("a sequence does not fit into an empty cache");
                    // A prompt on its way to or from a file has the room, and gives it back soon.
                    sequence.Planned = 0;
                    break;
                }
                Preempt(last);
                if (last == sequence) return;
            }
            if (sequence.Planned > 0) TakePages(sequence, length);
        }
    }

    /// <summary>Takes the pages of one sequence. Should the system have no memory for them, known pages nobody needs are used; then this sequence fails, and no other.</summary>
    private void TakePages(Sequence sequence, int length)
    {
        while (true)
        {
            try
            {
                if (!sequence.Cache!.TryReserve(length)) throw new InvalidOperationException("free pages could not be taken");
                return;
            }
            catch (OutOfMemoryException)
            {
                if (prefixes.TryEvict()) continue;
                sequence.Planned = 0;
                Starved.Add(sequence);
                return;
            }
        }
    }

    /// <summary>Sends a running sequence back to wait. What it computed stays known as long as there is room, so little is computed again.</summary>
    private void Preempt(Sequence sequence)
    {
        running.Remove(sequence);
        GiveBack(sequence);
        sequence.Planned = 0;
        Insert(waiting, sequence);
        Preemptions++;
    }

    private void GiveBack(Sequence sequence)
    {
        if (sequence.Cache is { } own)
        {
            int known = sequence.Path.Count * KvLayout.PageSize, rest = own.Length - known;
            if (sequence.MayAddPages && rest is > 0 and < KvLayout.PageSize)
                prefixes.AddPart(sequence.Path.Count == 0 ? null : sequence.Path[^1], sequence.Adapter, own.TokenSpan.Slice(known, rest), own.Pages[sequence.Path.Count]);
            own.Dispose();
            sequence.Cache = null;
        }
        prefixes.Release(sequence.Path);
    }

    private static void Insert(List<Sequence> list, Sequence sequence)
    {
        int place = list.Count;
        while (place > 0 && sequence.Outranks(list[place - 1])) place--;
        list.Insert(place, sequence);
    }
}
