namespace Cria.Chat;

/// <summary>The Llama Guard models, which differ in their categories and prompts.</summary>
public enum LlamaGuardVersion
{
    /// <summary>Llama Guard 2 8B: 11 categories.</summary>
    Guard2,

    /// <summary>Llama Guard 3 1B and 8B: 14 categories.</summary>
    Guard3,
}
