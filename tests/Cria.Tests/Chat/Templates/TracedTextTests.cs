using System.Text;
using Cria.Chat.Templates;

namespace Cria.Tests.Chat.Templates;

public sealed class TracedTextTests
{
    // What comes from the conversation stands in angle quotes in the expected texts.
    [Theory]
    [InlineData("a{{ m }}b", "a«  Us er »b")]
    [InlineData("[{{ m | trim }}]", "[«Us er»]")]
    [InlineData("{{ '<' + m.strip() + '>' }}", "<«Us er»>")]
    [InlineData("{{ ('<' ~ m ~ '>')[2:-3] }}", "« Us e»")]
    [InlineData("{{ m.strip() | upper }}{{ m | lower | trim }}", "«US ERus er»")]
    [InlineData("{{ m.strip() | replace('s', '<|x|>') }}", "«U»<|x|>« er»")]
    [InlineData("{{ 'a-b' | replace('-', m.strip()) }}", "a«Us er»b")]
    [InlineData("{{ m.split() | join(' / ') }}", "«Us» / «er»")]
    [InlineData("{{ ['x', m.strip(), 'y'] | join }}", "x«Us er»y")]
    [InlineData("{{ m.strip() | list | join('') }}{{ m.strip()[::-1] }}", "«Us erre sU»")]
    [InlineData("{{ {'k': m.strip()} | tojson }}", "{\"k\": \"«Us er»\"}")]
    [InlineData("{{ d | tojson }}", "{\"«k\"y»\": [\"«v»\", 1, true]}")]
    [InlineData("{{ [m.strip()] }}", "['«Us er»']")]
    [InlineData("{{ m.strip() * 2 }}{{ '%s|%s' % (m.strip(), 'z') }}", "«Us erUs erUs er»|z")]
    [InlineData("{{ '{0}:{1}'.format(m.strip(), 'z') }}", "«Us er»:z")]
    [InlineData("{% set x %}<{{ m | trim }}>{% endset %}{{ x }}{{ x | length }}", "<«Us er»>7")]
    [InlineData("{% macro f(a) %}({{ a }}){% endmacro %}{{ f(m | trim) }}", "(«Us er»)")]
    [InlineData("{% for c in m.strip() %}{{ c }}.{% endfor %}", "«U».«s».« ».«e».«r».")]
    [InlineData("{{ m.strip().title() }}{{ m | capitalize | trim }}", "«Us Erus er»")]
    [InlineData("{{ (m.strip() + '\n' + m.strip()) | indent(2) }}", "«Us er»\n  «Us er»")]
    [InlineData("{{ m.strip().center(9, '*') }}", "**«Us er»**")]
    [InlineData("{% for k in d %}{{ k }}{% endfor %}{{ d.items() | map('first') | join }}", "«k\"yk\"y»")]
    [InlineData("{{ (m if m == '  Us er ' else 'no') | trim }}", "«Us er»")]
    [InlineData("{{ m.strip().partition(' ')[2] }}{{ m.strip().removeprefix('Us') }}{{ m.strip().splitlines()[0] }}", "«er erUs er»")]
    [InlineData("{{ e | escape }}", "«&lt;a&gt;»")]
    [InlineData("{{ d['k\"y'] | map('upper') | first if false else m.strip() | truncate(3, true, '…', 0) }}", "«Us»…")]
    public void Keeps_the_origin_of_every_character(string template, string expected)
    {
        TracedText text = TemplateRendering.Trace(template, """{"m": "  Us er ", "e": "<a>", "d": {"k\"y": ["v", 1, true]}}""");
        Assert.Equal(expected.Replace("k\"y»\"", "k\\\"y»\"", StringComparison.Ordinal), Marked(text));
    }

    [Fact]
    public void Agrees_with_a_text_that_marks_each_character()
    {
        var random = new Random(11);
        for (int round = 0; round < 2000; round++)
        {
            var builder = new TracedTextBuilder(new RenderBudget());
            var trust = new List<bool>();
            var characters = new StringBuilder();
            int parts = random.Next(8);
            for (int i = 0; i < parts; i++)
            {
                string part = new((char)('a' + random.Next(26)), random.Next(4));
                bool trusted = random.Next(2) == 0;
                builder.Append(part, trusted);
                characters.Append(part);
                trust.AddRange(Enumerable.Repeat(trusted, part.Length));
            }

            TracedText text = builder.ToText();
            int start = random.Next(text.Length + 1), length = random.Next(text.Length - start + 1);
            TracedText slice = text.Slice(start, length);
            Assert.Equal(characters.ToString(start, length), slice.Value);
            Assert.Equal(trust.Skip(start).Take(length), Enumerable.Range(0, length).Select(slice.IsTrustedAt));
            Assert.Equal(length, slice.Runs(0, length).Sum(run => run.Length));
            Assert.All(slice.Runs(0, length), run => Assert.True(run.Length > 0));
        }
    }

    private static string Marked(TracedText text)
    {
        var marked = new StringBuilder();
        foreach ((int start, int length, bool trusted) in text.Runs(0, text.Length))
        {
            string part = text.Value.Substring(start, length);
            marked.Append(trusted ? part : $"«{part}»");
        }

        return marked.ToString();
    }
}
