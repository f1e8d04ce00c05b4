using System.Text;
using Cria.Generation.Grammar;
using Cria.Tokenization;

namespace Cria.Tests.Generation.Grammar;

/// <summary>Generates texts by choosing random tokens among those a constraint allows.</summary>
internal static class RandomWalk
{
    private const int Patience = 60;
    private const int Longest = 20_000;

    /// <summary>One text. After a while the walk leans towards tokens that close what is open, so that it ends.</summary>
    public static string Next(TokenGrammar grammar, Tokenizer tokenizer, Random random)
    {
        TokenConstraint constraint = grammar.Start();
        ulong[] mask = new ulong[constraint.MaskLength];
        List<byte> text = [];
        List<int> allowed = [];
        for (int step = 0; step < Longest; step++)
        {
            constraint.Mask(mask);
            allowed.Clear();
            for (int id = 0; id < tokenizer.VocabularySize; id++)
            {
                if ((mask[id >> 6] >> (id & 63) & 1) != 0)
                    allowed.Add(id);
            }
            Assert.True(allowed.Count > 0, $"no token is allowed after {Encoding.UTF8.GetString([.. text])}");
            int token = Choose(allowed, tokenizer, random, step > Patience || random.Next(4) == 0, constraint.IsComplete);
            constraint.Accept(token);
            if (constraint.IsEnded)
                return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. text]);
            text.AddRange(tokenizer.TokenBytes(token));
        }
        throw new InvalidOperationException($"the walk does not end: {Encoding.UTF8.GetString([.. text])[..400]}");
    }

    private static int Choose(List<int> allowed, Tokenizer tokenizer, Random random, bool close, bool complete)
    {
        if (complete && (close || random.Next(3) == 0))
            return allowed.First(tokenizer.IsStop);
        if (close)
        {
            foreach (string closer in new[] { "\"", "}", "]" })
            {
                int id = tokenizer.Encode(closer)[0];
                if (allowed.Contains(id) && random.Next(4) > 0)
                    return id;
            }
            int[] calm = [.. allowed.Where(id => tokenizer.TokenBytes(id) is [not ((byte)'[' or (byte)'{' or (byte)',' or (byte)' ' or (byte)'\n' or (byte)'\\')])];
            if (calm.Length > 0)
                return calm[random.Next(calm.Length)];
        }
        return allowed[random.Next(allowed.Count)];
    }
}
