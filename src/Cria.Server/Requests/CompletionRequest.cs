using Cria.Generation.Grammar;

namespace Cria.Server.Requests;

/// <summary>A request to go on with texts or tokens.</summary>
internal sealed class CompletionRequest
{
    private const int MostPrompts = 128;

    /// <summary>Reads a request.</summary>
    public CompletionRequest(JsonFields fields, ModelHost host)
    {
        string? adapter = host.AdapterOf(fields);
        Model = adapter ?? host.Name;
        if (fields.Text("suffix") is { Length: > 0 }) throw ApiException.Field("suffix", "is not supported: the model writes forwards only");
        Delivery = Delivery.Read(fields, host.Options.MaxChoices);
        if (fields.Integer("best_of", 1, host.Options.MaxChoices) is { } best && best != Delivery.Choices) throw ApiException.Field("best_of", "is not supported, except as the same number as n");
        Echoes = fields.Flag("echo") ?? false;
        Prompts = TokenFields.Read(fields, "prompt", host.Model, MostPrompts);
        int? alternatives = (int?)fields.Integer("logprobs", 0, ChatRequest.MostAlternatives);
        TokenGrammar? grammar = AnswerForm.Format(fields, [], host.Grammars);
        Generation = SamplingFields.Read(fields, host.Model) with
        {
            Adapter = adapter,
            LogProbabilities = alternatives,
            Constraint = grammar is null ? null : () => new GrammarConstraint(grammar),
        };
        // As everywhere else under this address.
        if (Generation.MaxTokens is null && fields.Raw("max_tokens") is null) Generation = Generation with { MaxTokens = Math.Max(16, Generation.MinTokens ?? 0) };
    }

    /// <summary>The name of what answers: the model, or an adapter.</summary>
    public string Model { get; }

    /// <summary>The prompts, each with its text as sent where it was text.</summary>
    public IReadOnlyList<(int[] Tokens, string? Text)> Prompts { get; }

    /// <summary>Whether answers begin with their prompt.</summary>
    public bool Echoes { get; }

    /// <summary>How answers are sent.</summary>
    public Delivery Delivery { get; }

    /// <summary>How answers are generated.</summary>
    public GenerationOptions Generation { get; }
}
