namespace Cria.Chat;

/// <summary>Conversations kept between requests, by id; the one that has not been used for longest is forgotten when there are too many. Safe for concurrent use.</summary>
internal sealed class ConversationStore(int capacity)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Id, ChatTurn[] Turns)>> known = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Id, ChatTurn[] Turns)> byUse = [];

    /// <summary>The turns of a conversation; none when it is new or forgotten.</summary>
    public ChatTurn[] Get(string id)
    {
        lock (gate) return known.TryGetValue(id, out LinkedListNode<(string Id, ChatTurn[] Turns)>? node) ? node.Value.Turns : [];
    }

    /// <summary>Adds turns to a conversation.</summary>
    public void Append(string id, IEnumerable<ChatTurn> turns)
    {
        lock (gate)
        {
            ChatTurn[] before = [];
            if (known.Remove(id, out LinkedListNode<(string Id, ChatTurn[] Turns)>? node))
            {
                before = node.Value.Turns;
                byUse.Remove(node);
            }

            known[id] = byUse.AddLast((id, [.. before, .. turns]));
            if (known.Count <= capacity) return;
            known.Remove(byUse.First!.Value.Id);
            byUse.RemoveFirst();
        }
    }
}
