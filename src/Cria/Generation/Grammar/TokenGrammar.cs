using System.Text.Json;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Generation.Grammar;

/// <summary>
/// What an answer may look like, compiled for a vocabulary: for each state of the text so far, the tokens that keep it valid.
/// One grammar serves any number of generations at a time, and remembers the masks it has computed for all of them.
/// </summary>
public sealed class TokenGrammar
{
    // 16 kB each for Llama 3's vocabulary.
    private const int MostMasks = 2048;

    private readonly GrammarProgram program;
    private readonly Lock gate = new();
    private readonly ulong[] stopMask;
    private readonly Queue<GrammarAutomaton.State> masked = new();
    private GrammarAutomaton automaton;

    private TokenGrammar(Tokenizer tokenizer, Expression text)
    {
        Tokenizer = tokenizer;
        program = GrammarBuilder.Build(text);
        automaton = new GrammarAutomaton(program);
        Trie = TokenTrie.Of(tokenizer);
        stopMask = new ulong[Trie.MaskLength];
        foreach (int id in tokenizer.StopTokens)
            stopMask[id >> 6] |= 1UL << (id & 63);
    }

    /// <summary>The number of 64-bit words of a mask: one bit a token.</summary>
    public int MaskLength => Trie.MaskLength;

    internal Tokenizer Tokenizer { get; }

    internal TokenTrie Trie { get; }

    /// <summary>Answers that the pattern matches as a whole. Syntax: the part of ECMAScript's that needs no looking around or back.</summary>
    /// <exception cref="CriaException">The pattern is malformed, uses what is not supported, or matches nothing.</exception>
    public static TokenGrammar FromRegex(Tokenizer tokenizer, string pattern)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(pattern);
        return new TokenGrammar(tokenizer, RegexParser.Whole(pattern));
    }

    /// <summary>Answers that are JSON and valid under a JSON schema.</summary>
    /// <exception cref="CriaException">The schema is malformed, uses a keyword that is not supported (named with its place), or allows nothing.</exception>
    public static TokenGrammar FromJsonSchema(Tokenizer tokenizer, JsonElement schema)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return new TokenGrammar(tokenizer, new JsonSchemaCompiler(schema).Compile());
    }

    /// <summary>Answers that are a JSON object, whatever it holds.</summary>
    public static TokenGrammar JsonObject(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return new TokenGrammar(tokenizer, new JsonGrammar().Object);
    }

    /// <summary>Begins an answer.</summary>
    public TokenConstraint Start()
    {
        lock (gate)
        {
            if (automaton.IsFull)
            {
                automaton = new GrammarAutomaton(program);
                masked.Clear();
            }
            return new TokenConstraint(this, automaton, automaton.Start);
        }
    }

    /// <summary>The tokens that may follow, one bit each; stop tokens where the answer is complete.</summary>
    internal ulong[] Mask(GrammarAutomaton states, GrammarAutomaton.State state)
    {
        if (state.Mask is { } known)
            return known;
        lock (gate)
        {
            if (state.Mask is { } meanwhile)
                return meanwhile;
            ulong[] mask = new ulong[MaskLength];
            if (state.LoopsOnText ??= LoopsOnText(states, state))
                Trie.PlainMask.CopyTo(mask, 0);
            else
                Walk(states, state, Trie.Plain, mask);
            Walk(states, state, Trie.Other, mask);
            if (state.IsComplete)
            {
                for (int i = 0; i < mask.Length; i++)
                    mask[i] |= stopMask[i];
            }
            state.Mask = mask;
            masked.Enqueue(state);
            if (masked.Count > MostMasks)
                masked.Dequeue().Mask = null;
            return mask;
        }
    }

    /// <summary>The state after the bytes; null when they do not fit.</summary>
    internal GrammarAutomaton.State? Advance(GrammarAutomaton states, GrammarAutomaton.State state, ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            GrammarAutomaton.State? at = state;
            foreach (byte value in bytes)
            {
                at = states.Next(at, value);
                if (at is null)
                    break;
            }
            return at;
        }
    }

    /// <summary>The bytes that must come next, up to the first choice, and the state behind them.</summary>
    internal byte[] ForcedBytes(GrammarAutomaton states, GrammarAutomaton.State state, out GrammarAutomaton.State after)
    {
        const int Longest = 4096;
        lock (gate)
        {
            List<byte> bytes = [];
            while (bytes.Count < Longest && states.OnlyByte(state) is int only and >= 0)
            {
                bytes.Add((byte)only);
                state = states.Next(state, (byte)only)!;
            }
            after = state;
            return [.. bytes];
        }
    }

    private static void Walk(GrammarAutomaton states, GrammarAutomaton.State start, TokenTrie.Tree tree, ulong[] mask)
    {
        TokenTrie.Node[] nodes = tree.Nodes;
        GrammarAutomaton.State[] path = new GrammarAutomaton.State[tree.Deepest + 1];
        path[0] = start;
        for (int i = 0; i < nodes.Length;)
        {
            ref readonly TokenTrie.Node node = ref nodes[i];
            if (states.Next(path[node.Depth], node.Value) is not { } next)
            {
                i = node.End;
                continue;
            }
            path[node.Depth + 1] = next;
            for (int token = node.Token; token >= 0; token = tree.Twin(token))
                mask[token >> 6] |= 1UL << (token & 63);
            i++;
        }
    }

    /// <summary>True when every character without escape leads from the state back to it, as inside a JSON string without limits.</summary>
    private static bool LoopsOnText(GrammarAutomaton states, GrammarAutomaton.State state)
    {
        for (int value = 0x20; value < 0x80; value++)
        {
            if (value is not ('"' or '\\') && !ReferenceEquals(states.Next(state, (byte)value), state))
                return false;
        }
        // One character for each way in which the bytes of UTF-8 can differ in what may follow.
        HashSet<(GrammarAutomaton.State?, int)> seen = [];
        for (int lead = 0xC2; lead < 0xF5; lead++)
        {
            (int low, int high) = lead switch { 0xE0 => (0xA0, 0xBF), 0xED => (0x80, 0x9F), 0xF0 => (0x90, 0xBF), 0xF4 => (0x80, 0x8F), _ => (0x80, 0xBF) };
            if (!Returns(states.Next(state, (byte)lead), lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3, low, high))
                return false;
        }
        return true;

        bool Returns(GrammarAutomaton.State? at, int left, int low, int high)
        {
            if (left == 0 || at is null)
                return ReferenceEquals(at, state);
            if (low == 0x80 && high == 0xBF && !seen.Add((at, left)))
                return true;
            for (int value = low; value <= high; value++)
            {
                if (!Returns(states.Next(at, (byte)value), left - 1, 0x80, 0xBF))
                    return false;
            }
            return true;
        }
    }
}
