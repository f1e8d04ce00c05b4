using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Cria.Chat.Templates;
using Cria.Tensors;

namespace Cria.Tests.Chat.Templates;

public sealed class TemplateLimitTests
{
    [Theory]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% macro f(x) %}{{ f(x ~ 'a') }}{% endmacro %}{{ f('') }}")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = {'a': ns.s, 'b': ns.s} %}{% endfor %}{{ ns.s | tojson }}")]
    [InlineData("{% set n = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{{ n.a == n.b }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(100000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(100000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s | tojson }}")]
    [InlineData("{{ 'x' * 1000000000000 }}")]
    [InlineData("{{ [1] * 1000000000000 }}")]
    [InlineData("{{ 'x'.center(10000000000) }}")]
    [InlineData("{{ 'x'.zfill(10000000000) }}")]
    [InlineData("{{ '%999999999d' % 1 }}")]
    [InlineData("{{ '{:999999999}'.format(1) }}")]
    [InlineData("{{ ('x' * 100000).replace('x', 'y' * 100000) }}")]
    [InlineData("{{ ('x' * 100000) | list | join('y' * 100000) }}")]
    [InlineData("{{ range(100000) | map('string') | map('center', 100000) | list }}")]
    [InlineData("{{ [1] | batch(10000000000, 0) | list }}")]
    [InlineData("{{ [1] | slice(10000000000) | list }}")]
    [InlineData("{{ 2 ** 64 }}")]
    [InlineData("{{ 9223372036854775807 + 1 }}")]
    [InlineData("{{ 9223372036854775808 }}")]
    [InlineData("{% set s = 'x' * 10000000 %}{% for i in range(100000) %}{% if s == 'x' * 10000000 %}{% endif %}{% endfor %}")]
    [InlineData("{% set s = 'x' * 10000000 %}{% for i in range(100000) %}{% if 'yy' in s %}{% endif %}{% endfor %}")]
    [InlineData("{% set s = ' ' * 10000000 %}{% for i in range(100000) %}{% if s.strip() %}{% endif %}{% endfor %}")]
    [InlineData("{% set s = 'x' * 10000000 %}{% for i in range(100000) %}{% if s.count('y') %}{% endif %}{% endfor %}")]
    [InlineData("{% set s = 'x' * 10000000 %}{% for i in range(100000) %}{% if {s: 1}[s] %}{% endif %}{% endfor %}")]
    [InlineData("{% set s = 'x' * 10000000 %}{% for i in range(100000) %}{% if s[1:] < s %}{% endif %}{% endfor %}")]
    [InlineData("{% set l = range(100000) | list %}{% for i in l %}{% if -1 in l %}{% endif %}{% endfor %}")]
    [InlineData("{% set l = range(100000) | list %}{% for i in l %}{% if l | sort %}{% endif %}{% endfor %}")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}")]
    [InlineData("{% macro m() %}{{ caller() }}{% endmacro %}{% macro r() %}{% call m() %}{{ r() }}{% endcall %}{% endmacro %}{{ r() }}")]
    [InlineData("{{ strftime_now('%c' * 100000000) }}")]
    public void Stops_a_template_that_would_hang_or_fill_memory(string source) =>
        Assert.IsType<TemplateException>(Record.Exception(() => TemplateRendering.Render(source)));

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("{'a':", "}")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    [InlineData("a[", "]")]
    [InlineData("a(", ")")]
    [InlineData("1 if 1 else ", "")]
    [InlineData("a|default(", ")")]
    [InlineData("1 + ", "")]
    [InlineData("1 ~ ", "")]
    [InlineData("1 and ", "")]
    [InlineData("1 is eq ", "")]
    [InlineData("a is defined and ", "")]
    [InlineData("1 ** ", "")]
    public void Survives_deep_and_long_expressions(string open, string close)
    {
        foreach (int count in new[] { 150, 5_000, 100_000 })
        {
            var source = new StringBuilder("{{ ");
            for (int i = 0; i < count; i++) source.Append(open);
            source.Append('1');
            for (int i = 0; i < count; i++) source.Append(close);
            AssertRendersOrFailsInOneLine(source.Append(" }}").ToString());
        }
    }

    [Theory]
    [InlineData("{% if 1 %}", "{% endif %}")]
    [InlineData("{% for i in [1] %}", "{% endfor %}")]
    [InlineData("{% set x %}", "{% endset %}")]
    [InlineData("{% filter upper %}", "{% endfilter %}")]
    [InlineData("{% macro m() %}", "{% endmacro %}")]
    [InlineData("{% with %}", "{% endwith %}")]
    public void Survives_deep_blocks(string open, string close)
    {
        foreach (int count in new[] { 100, 20_000 })
            AssertRendersOrFailsInOneLine(string.Concat(Enumerable.Repeat(open, count)) + "x" + string.Concat(Enumerable.Repeat(close, count)));
    }

    [Fact]
    public void Leaves_room_for_a_long_conversation()
    {
        string messages = string.Join(",", Enumerable.Range(0, 2000).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""{"role": "user", "content": "{{new string('x', 5000)}} {{i}}"}""")));
        string text = TemplateRendering.Render(
            "{% set ns = namespace(all='') %}{% for m in messages %}{{ '<' + m.role + '>' + m.content | trim + '</s>' }}{% if m.content is string and 'zz' in m.content %}{% endif %}{% endfor %}",
            $$"""{"messages": [{{messages}}]}""");
        Assert.True(text.Length > 10_000_000);
    }

    [Fact]
    public void Renders_or_fails_in_one_line_however_a_template_is_damaged()
    {
        string[] corpus = Corpus();
        var random = new Random(20);
        for (int round = 0; round < 6000; round++)
        {
            var text = new StringBuilder(corpus[random.Next(corpus.Length)]);
            int edits = 1 + random.Next(4);
            for (int i = 0; i < edits; i++) Damage(text, random, corpus);
            AssertRendersOrFailsInOneLine(text.ToString());
        }
    }

    private static void Damage(StringBuilder text, Random random, string[] corpus)
    {
        string[] pieces = ["{{", "}}", "{%", "%}", "{#", "#}", "-", "'", "\"", "(", ")", "[", "]", "{", "}", "|", ".", ",", ":", "=", "~", "not ", " is ", " in ", " if ", " else ", "\\", "\n", "\0",
            "\ud83d", "9", "1e9", "loop", "messages", "namespace", "| tojson", "| join", "{% endfor %}", "{% endif %}", "{% set x = ", "{% for i in range(99999) %}", "**", "//", "%", "caller()", "range(9)"];
        int at = random.Next(text.Length + 1);
        int length = Math.Min(random.Next(12), text.Length - at);
        switch (random.Next(5))
        {
            case 0:
                text.Remove(at, length);
                break;
            case 1:
                text.Insert(at, pieces[random.Next(pieces.Length)]);
                break;
            case 2:
                text.Insert(random.Next(text.Length + 1), text.ToString(at, length));
                break;
            case 3:
                string other = corpus[random.Next(corpus.Length)];
                int from = random.Next(other.Length);
                text.Insert(at, other.AsSpan(from, Math.Min(random.Next(40), other.Length - from)));
                break;
            default:
                if (at < text.Length) text[at] = (char)random.Next(32, 127);
                break;
        }
    }

    private static void AssertRendersOrFailsInOneLine(string source)
    {
        const string Variables = """{"messages": [{"role": "user", "content": "Hi"}], "items": [3, 1, 2], "name": "Ada", "n": 7, "yes": true, "user": {"name": "Ada"}, "words": ["b", "a"]}""";
        try
        {
            TemplateRendering.Render(source, Variables);
        }
        catch (CriaException error)
        {
            Assert.DoesNotContain('\n', error.Message);
            Assert.StartsWith("chat template line ", error.Message, StringComparison.Ordinal);
        }
    }

    private static string[] Corpus([CallerFilePath] string thisFile = "") =>
    [
        .. JsonDocument.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, "jinja-cases.json"))).RootElement.GetProperty("cases").EnumerateArray()
            .Select(one => one.GetProperty("template").GetString()!),
        Cria.Chat.ChatTemplate.Llama3.Source,
        Cria.Chat.ChatTemplate.Llama2.Source,
    ];
}
