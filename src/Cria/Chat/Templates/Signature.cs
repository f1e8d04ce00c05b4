namespace Cria.Chat.Templates;

/// <summary>The parameters of a macro; the defaults belong to the last ones.</summary>
internal sealed record Signature(string[] Names, Expression[] Defaults);
