using System.Text.Json;

namespace Cria.Chat;

/// <summary>A model's wish to have a function called.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Arguments">Its arguments, a JSON object by parameter name.</param>
/// <param name="Id">What the answer refers to; null where nothing does.</param>
public sealed record ChatToolCall(string Name, JsonElement Arguments, string? Id = null);
