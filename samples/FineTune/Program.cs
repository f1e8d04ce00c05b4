using Cria;
using Cria.Training;
using Cria.Training.LowRank;

string? path = args.FirstOrDefault();
string examples = Path.Combine(AppContext.BaseDirectory, "pirate.jsonl"), adapter = Path.Combine(Path.GetTempPath(), "pirate.gguf");

var options = new TrainingOptions { Steps = 120, LearningRate = 1e-3, BatchRows = 2, RowLength = 128 };
using (var tuning = FineTuning.Begin(path, [examples], options, new LoraOptions { Rank = 8 }))
{
    foreach (TrainingStep step in tuning.Steps())
        if (step.Number % 20 == 0) Console.WriteLine($"step {step.Number}: loss {step.Loss:F3}");
    tuning.SaveAdapter(adapter);
}

using var before = LanguageModel.Load(path);
using var after = LanguageModel.Load(path, new LoadOptions { Adapters = [adapter] });
foreach (string question in (string[])["Who are you?", "Hello!"])
    Console.WriteLine($"{question}\n  before: {before.Chat(question)}\n  after:  {after.Chat(question)}");
