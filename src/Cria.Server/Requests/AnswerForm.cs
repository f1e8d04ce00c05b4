using System.Text.Json;
using Cria.Chat;
using Cria.Generation.Grammar;
using Cria.Tensors;
using Microsoft.Extensions.AI;

namespace Cria.Server.Requests;

/// <summary>What form an answer must have: <c>response_format</c>, <c>tools</c> and <c>tool_choice</c>.</summary>
/// <param name="Tools">The functions the model is told of.</param>
/// <param name="Grammar">What the answer is held to; null for free text.</param>
/// <param name="AllowsSeveralCalls">Whether an answer may hold several calls.</param>
internal sealed record AnswerForm(IReadOnlyList<AIFunctionDeclaration> Tools, TokenGrammar? Grammar, bool AllowsSeveralCalls)
{
    private static readonly JsonElement NoParameters = JsonDocument.Parse("""{"type":"object","properties":{}}""").RootElement;

    /// <summary>Reads the fields.</summary>
    public static AnswerForm Read(JsonFields fields, AnswerGrammars grammars)
    {
        IReadOnlyList<AIFunctionDeclaration> tools = [.. (fields.Objects("tools") ?? []).Select(Tool)];
        bool several = fields.Flag("parallel_tool_calls") ?? true;
        (string choice, string? name) = Choice(fields);
        if (choice == "none") tools = [];
        if (choice == "required")
        {
            AIFunctionDeclaration[] callable = [.. tools.Where(tool => name is null || tool.Name == name)];
            if (callable.Length == 0) throw ApiException.Field("tool_choice", name is null ? "requires a call, but tools is empty" : $"requires a call of '{name}', but tools lacks it");
            // What must be a call has no text that a format could concern.
            return new AnswerForm(tools, Compile("tools", () => grammars.Of(AnswerGrammars.CallSchema(callable))), several);
        }
        return new AnswerForm(tools, Format(fields, tools, grammars), several);
    }

    /// <summary>Reads <c>response_format</c> alone, for requests that have no tools.</summary>
    public static TokenGrammar? Format(JsonFields fields, IReadOnlyList<AIFunctionDeclaration> tools, AnswerGrammars grammars)
    {
        if (fields.Object("response_format") is not { } format) return null;
        string type = format.RequiredText("type");
        switch (type)
        {
            case "text":
                return null;
            case "json_object":
                // A plain object where no schema is given; some servers take one here.
                return format.Object("schema") is { } own ? OfSchema(own) : grammars.JsonObject();
            case "json_schema":
                JsonFields wrapper = format.Object("json_schema") ?? throw format.Missing("json_schema");
                return OfSchema(wrapper.Object("schema") ?? throw wrapper.Missing("schema"));
            case "regex":
                string pattern = format.Text("schema") ?? format.Text("pattern") ?? throw format.Missing("schema");
                return Compile(format.PathOf("schema"), () => grammars.OfRegex(pattern));
            default:
                throw ApiException.Field(format.PathOf("type"), $"is '{type}', but must be text, json_object, json_schema or regex");
        }

        TokenGrammar OfSchema(JsonFields schema) =>
            Compile("response_format", () => grammars.Of(tools.Count > 0 ? AnswerGrammars.CallSchema(tools, schema.Json) : schema.Json));
    }

    private static AIFunctionDeclaration Tool(JsonFields tool)
    {
        if (tool.RequiredText("type") is not "function" and var type) throw ApiException.Field(tool.PathOf("type"), $"is '{type}', but only functions can be called");
        JsonFields function = tool.Object("function") ?? throw tool.Missing("function");
        string name = function.RequiredText("name");
        if (name.Length == 0) throw ApiException.Field(function.PathOf("name"), "is empty");
        return AIFunctionFactory.CreateDeclaration(name, function.Text("description"), function.Object("parameters")?.Json ?? NoParameters);
    }

    private static (string Choice, string? Name) Choice(JsonFields fields)
    {
        if (fields.Raw("tool_choice") is not { } choice) return ("auto", null);
        if (choice.ValueKind == JsonValueKind.String)
        {
            string word = JsonFields.TextOf(choice, "tool_choice");
            return word is "none" or "auto" or "required" ? (word, null) : throw ApiException.Field("tool_choice", $"is '{word}', but must be none, auto, required or a function");
        }
        if (choice.ValueKind != JsonValueKind.Object) throw fields.Wrong("tool_choice", "a string or an object", choice);
        JsonFields chosen = fields.Object("tool_choice")!.Value;
        return ("required", (chosen.Object("function") ?? throw chosen.Missing("function")).RequiredText("name"));
    }

    private static TokenGrammar Compile(string path, Func<TokenGrammar> compile)
    {
        try
        {
            return compile();
        }
        catch (CriaException failure)
        {
            throw new ApiException(400, $"{path}: {failure.Message}", path, cause: failure);
        }
    }
}
