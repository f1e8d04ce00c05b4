using Cria;

using var model = LanguageModel.Load(args.FirstOrDefault());
Console.WriteLine(model.Chat("What is Cria?"));
await foreach (var piece in model.ChatAsync("Tell me a story about a fox.")) Console.Write(piece);
Console.WriteLine();
