using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cria.TinyData;

/// <summary>Writes the files.</summary>
internal static class Writer
{
    private const double SystemShare = 0.05;
    private const string SystemText = "You are a helpful assistant.";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes samples of one split until there are <paramref name="characters"/>, each skill its share. Gives the characters of each skill.</summary>
    public static IReadOnlyDictionary<string, long> WriteMixed(string path, Split split, ulong seed, long characters, (ISkill Skill, double Share)[] skills)
    {
        var dice = new Dice(seed);
        var written = new long[skills.Length];
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        using FileStream file = File.Create(path);
        for (long total = 0; total < characters;)
        {
            // The skill that is most behind its share goes next.
            int next = Enumerable.Range(0, skills.Length).MinBy(i => written[i] / skills[i].Share);
            Sample sample = skills[next].Skill.Next(dice, isTest: false);
            if (Splits.Of(sample) != split) continue;
            if (sample.Turns.Count > 0 && dice.Chance(SystemShare)) sample = sample with { System = SystemText };
            Write(file, sample);
            written[next] += sample.Length;
            total += sample.Length;
            counts[sample.Skill] = counts.GetValueOrDefault(sample.Skill) + sample.Length;
        }
        return counts;
    }

    /// <summary>Writes the held-out questions, a fixed number of each skill, no question twice.</summary>
    public static void WriteTest(string path, ulong seed)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        using FileStream file = File.Create(path);
        foreach ((ISkill skill, _, _, int tests) in Mix.All)
        {
            var dice = new Dice(seed);
            // A skill with few forms may have fewer held-out questions than asked for.
            for (int found = 0, tries = 0; found < tests && tries < 400 * tests; tries++)
            {
                Sample sample = skill.Next(dice, isTest: true);
                if (Splits.Of(sample) != Split.Test || !seen.Add(string.Join('\n', sample.Keys))) continue;
                Write(file, sample);
                found++;
            }
        }
    }

    private static void Write(Stream file, Sample sample)
    {
        using (var json = new Utf8JsonWriter(file, Json))
        {
            json.WriteStartObject();
            json.WriteString("skill", sample.Skill);
            if (sample.Text is not null)
            {
                json.WriteString("text", sample.Text);
            }
            else if (sample.Completions.Count > 0)
            {
                json.WriteStartArray("segments");
                foreach (Ask part in sample.Completions)
                {
                    WriteSegment(json, part.Question, isLearnt: false);
                    WriteSegment(json, part.Answer, isLearnt: true);
                }
                json.WriteEndArray();
            }
            else
            {
                json.WriteStartArray("messages");
                if (sample.System is not null) WriteMessage(json, "system", sample.System);
                foreach (Ask turn in sample.Turns)
                {
                    WriteMessage(json, "user", turn.Question);
                    WriteMessage(json, "assistant", turn.Answer);
                }
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        file.WriteByte((byte)'\n');
    }

    private static void WriteSegment(Utf8JsonWriter json, string text, bool isLearnt)
    {
        json.WriteStartObject();
        json.WriteBoolean("label", isLearnt);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, string role, string content)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteString("content", content);
        json.WriteEndObject();
    }
}
