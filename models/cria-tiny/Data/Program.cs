using System.Globalization;
using Cria.TinyData;

// Writes train.jsonl, validation.jsonl and test.jsonl: dotnet run --project models/cria-tiny/Data -- FOLDER [MILLIONS OF CHARACTERS] [SEED] [first|second|third]
if (args.Length is 0 or > 4 || args[0].StartsWith('-')
    || !ulong.TryParse(args.ElementAtOrDefault(2) ?? "1", NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed)
    || args.ElementAtOrDefault(3) is not (null or "first" or "second" or "third")
    || !int.TryParse(args.ElementAtOrDefault(1) ?? "100", NumberStyles.None, CultureInfo.InvariantCulture, out int millions))
{
    Console.Error.WriteLine("usage: FOLDER [MILLIONS OF CHARACTERS, default 100] [SEED, default 1] [first|second|third, the course]");
    return 2;
}
string folder = Directory.CreateDirectory(args[0]).FullName;
IReadOnlyDictionary<string, long> counts = Writer.WriteMixed(Path.Combine(folder, "train.jsonl"), Split.Train, seed, millions * 1_000_000L, args.ElementAtOrDefault(3) switch { "second" => Course.Second, "third" => Course.Third, _ => Course.First });
Writer.WriteMixed(Path.Combine(folder, "validation.jsonl"), Split.Validation, seed + 1, 300_000);
Writer.WriteTest(Path.Combine(folder, "test.jsonl"), seed + 2);
foreach ((string skill, long characters) in counts) Console.WriteLine($"{skill,-24}{characters,12:N0} characters");
return 0;
