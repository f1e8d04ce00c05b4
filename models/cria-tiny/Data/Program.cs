using System.Globalization;
using Cria.TinyData;

// Writes train.jsonl, validation.jsonl and test.jsonl: dotnet run --project models/cria-tiny/Data -- FOLDER [MILLIONS OF CHARACTERS] [SEED] [first|second|few-words|third|TOKENS]
const string Usage = "usage: FOLDER [MILLIONS OF CHARACTERS, default 100] [SEED, default 1] [first|second|few-words|third, the course, or a number of tokens: texts for a context of that length]";
if (args.Length is 0 or > 4 || args[0].StartsWith('-')
    || !ulong.TryParse(args.ElementAtOrDefault(2) ?? "1", NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed)
    || !int.TryParse(args.ElementAtOrDefault(1) ?? "100", NumberStyles.None, CultureInfo.InvariantCulture, out int millions)
    || Skills(args.ElementAtOrDefault(3) ?? "first") is not { } skills)
{
    Console.Error.WriteLine(Usage);
    return 2;
}
string folder = Directory.CreateDirectory(args[0]).FullName;
IReadOnlyDictionary<string, long> counts = Writer.WriteMixed(Path.Combine(folder, "train.jsonl"), Split.Train, seed, millions * 1_000_000L, skills);
Writer.WriteMixed(Path.Combine(folder, "validation.jsonl"), Split.Validation, seed + 1, 300_000, Mix.Of(Course.First));
Writer.WriteTest(Path.Combine(folder, "test.jsonl"), seed + 2);
foreach ((string skill, long characters) in counts) Console.WriteLine($"{skill,-24}{characters,12:N0} characters");
return 0;

static (ISkill Skill, double Share)[]? Skills(string course) => course switch
{
    "first" => Mix.Of(Course.First),
    "second" => Mix.Of(Course.Second),
    "few-words" => Mix.Of(Course.FewWords),
    "third" => Mix.Of(Course.Third),
    _ => int.TryParse(course, NumberStyles.None, CultureInfo.InvariantCulture, out int tokens) && tokens >= 1000 ? Mix.Long(tokens) : null,
};
