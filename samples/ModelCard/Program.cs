using Cria;
using Cria.Chat;

using var model = LanguageModel.Load(args.FirstOrDefault());
ChatTurn[] messages =
[
    new("system", "You are a pirate chatbot who always responds in pirate speak!"),
    new("user", "Who are you?"),
];
var answer = model.Chat(messages, new GenerationOptions { MaxTokens = 256, Temperature = 0.6f, TopP = 0.9f });
Console.WriteLine(answer.Text);
