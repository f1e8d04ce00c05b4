using Cria.Tensors;

namespace Cria.Chat;

/// <summary>What Llama Guard says of the last message of a conversation.</summary>
/// <param name="IsSafe">Whether it found nothing.</param>
/// <param name="Categories">The violated categories, such as <c>S1</c>; empty when safe.</param>
/// <param name="UnsafeProbability">The probability the model gave to "unsafe" where it decided, which serves as a score; null when it was not measured.</param>
public sealed record LlamaGuardVerdict(bool IsSafe, IReadOnlyList<string> Categories, double? UnsafeProbability = null)
{
    /// <summary>Reads the model's answer: <c>safe</c>, or <c>unsafe</c> and on the next line the categories.</summary>
    /// <exception cref="CriaException">It is neither; treat the message as unchecked.</exception>
    public static LlamaGuardVerdict Parse(string answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        string[] lines = answer.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string first = lines.Length > 0 ? lines[0] : "";
        if (first == "safe") return new(true, []);
        if (first != "unsafe")
        {
            string shown = first.Length > 60 ? first[..60] : first;
            throw new CriaException($"the safety model answered '{shown}' where safe or unsafe belongs; check that it is a Llama Guard model");
        }

        string[] categories = lines.Length > 1 ? lines[1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [];
        return new(false, categories);
    }
}
