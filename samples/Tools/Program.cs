using System.ComponentModel;
using Cria;
using Microsoft.Extensions.AI;

using var model = LanguageModel.Load(args.FirstOrDefault());
using IChatClient client = model.AsIChatClient();

AIFunction[] functions = [AIFunctionFactory.Create(Code, "code")];
List<ChatMessage> messages = [new(ChatRole.User, "What is the code of Clara?")];

// Larger models decide for themselves whether to call (ChatToolMode.Auto). The small one that ships never learnt to; RequireAny holds its answer to a call all the same.
var options = new ChatOptions { Tools = [.. functions], ToolMode = ChatToolMode.RequireAny, Temperature = 0 };
while (true)
{
    ChatResponse response = await client.GetResponseAsync(messages, options);
    messages.AddMessages(response);
    FunctionCallContent[] calls = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
    foreach (FunctionCallContent call in calls)
    {
        object? result = await functions.First(function => function.Name == call.Name).InvokeAsync(new AIFunctionArguments(call.Arguments));
        Console.WriteLine($"{call.Name}({string.Join(", ", call.Arguments!.Values)}): {result}");
        messages.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, result)]));
    }
    if (calls.Length == 0) break;
    options.ToolMode = ChatToolMode.None;
}
Console.WriteLine(messages[^1].Text);

[Description("Tells the code of a person.")]
static string Code([Description("Whose code it is.")] Person person) => $"The code of {person} is {(person == Person.Clara ? 4821 : 1765)}.";

internal enum Person { Clara, Ben }
