using Cria.Chat;
using Microsoft.Extensions.AI;

namespace Cria;

public sealed partial class LanguageModel
{
    /// <summary>The model as Microsoft.Extensions.AI's chat client; the model stays the caller's to dispose.</summary>
    public IChatClient AsIChatClient() => new CriaChatClient(this);
}
