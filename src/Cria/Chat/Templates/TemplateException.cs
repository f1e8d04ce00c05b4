using Cria.Tensors;

namespace Cria.Chat.Templates;

/// <summary>A chat template that cannot be read or rendered; the message names the template's line.</summary>
internal sealed class TemplateException(int line, string problem)
    : CriaException($"chat template line {line}: {OneLine(problem)}")
{
    private static string OneLine(string text)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= 400 ? line : string.Concat(line.AsSpan(0, 400), "…");
    }
}
