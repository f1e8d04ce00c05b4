using System.Runtime.CompilerServices;
using System.Text.Json;
using Cria.Chat.Templates;

namespace Cria.Tests.Chat.Templates;

public sealed class TemplateTests
{
    public static TheoryData<int> CaseNumbers => [.. Enumerable.Range(0, Cases().GetProperty("cases").GetArrayLength())];

    [Theory]
    [MemberData(nameof(CaseNumbers))]
    public void Renders_as_Jinja2_does(int number)
    {
        JsonElement cases = Cases();
        JsonElement one = cases.GetProperty("cases")[number];
        string source = one.GetProperty("template").GetString()!;
        if (one.TryGetProperty("text", out JsonElement text))
        {
            Assert.Equal(text.GetString(), TemplateRendering.Render(source, cases.GetProperty("variables")));
            return;
        }

        string message = Assert.IsType<TemplateException>(Record.Exception(() => TemplateRendering.Render(source, cases.GetProperty("variables")))).Message;
        Assert.StartsWith("chat template line ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        // Where both fail while rendering, the reason is the same to the letter.
        string[] parts = one.GetProperty("error").GetString()!.Split(": ", 2);
        if (parts[0] is "UndefinedError" or "TemplateError") Assert.EndsWith(parts[1], message, StringComparison.Ordinal);
    }

    private static JsonElement Cases([CallerFilePath] string thisFile = "") =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, "jinja-cases.json"))).RootElement;
}
