using System.Globalization;
using Cria.Generation;

namespace Cria.Evaluation.Ruler;

/// <summary>The random choices of a sample, a function of seed, task and sample.</summary>
internal sealed class RulerDice(ulong seed, ulong sequence)
{
    private ulong step;

    /// <summary>A whole number from <paramref name="least"/> up to but not including <paramref name="end"/>.</summary>
    public long Number(long least, long end) => least + (long)(CounterRandom.Uniform(seed, sequence, step++) * (end - least));

    /// <summary>One of several.</summary>
    public T One<T>(IReadOnlyList<T> of) => of[(int)Number(0, of.Count)];

    /// <summary>So many different numbers from 0 up to but not including <paramref name="end"/>, in random order.</summary>
    public int[] Different(int count, int end)
    {
        var taken = new HashSet<int>();
        var numbers = new int[count];
        for (int i = 0; i < count; i++)
        {
            while (!taken.Add(numbers[i] = (int)Number(0, end)))
            {
                // Few are drawn from many, so another draw is soon new.
            }
        }
        return numbers;
    }

    /// <summary>Puts a list in random order.</summary>
    public void Shuffle<T>(IList<T> list)
    {
        for (int i = list.Count - 1; i > 0; i--)
        {
            int other = (int)Number(0, i + 1);
            (list[i], list[other]) = (list[other], list[i]);
        }
    }

    /// <summary>A key or value.</summary>
    public string Word(RulerWord kind) => kind switch
    {
        RulerWord.Numbers => Number(1_000_000, 10_000_000).ToString(CultureInfo.InvariantCulture),
        RulerWord.Uuids => Uuid(),
        _ => $"{One(RulerWords.Adjectives)}-{One(RulerWords.Nouns)}",
    };

    /// <summary>So many capital letters.</summary>
    public string Capitals(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('A' + Number(0, 26))));

    private string Uuid()
    {
        var bytes = new byte[16];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)Number(0, 256);
        bytes[6] = (byte)(bytes[6] & 0x0F | 0x40);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }
}
