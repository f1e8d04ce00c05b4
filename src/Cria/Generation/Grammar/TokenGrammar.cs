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

    /// <summary>How many masks took a walk through the vocabulary, and were not known from a state like theirs.</summary>
    internal int Walks { get; private set; }

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
            ulong[] mask = states.SharedMasks.Find(state) ?? Compute(states, state);
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

    private ulong[] Compute(GrammarAutomaton states, GrammarAutomaton.State state)
    {
        VocabularyWalk walk = new(Trie, states, state);
        ulong[] mask = walk.Mask();
        if (state.IsComplete)
        {
            for (int i = 0; i < mask.Length; i++)
                mask[i] |= stopMask[i];
        }
        states.SharedMasks.Add(state, walk.Visited, mask);
        Walks++;
        return mask;
    }
}
