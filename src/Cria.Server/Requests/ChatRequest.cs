using Cria.Chat;
using Cria.Generation.Grammar;

namespace Cria.Server.Requests;

/// <summary>A request for the next message of a conversation.</summary>
internal sealed class ChatRequest
{
    /// <summary>Most alternatives that are told for each token.</summary>
    internal const int MostAlternatives = 20;

    /// <summary>Reads a request.</summary>
    public ChatRequest(JsonFields fields, ModelHost host)
    {
        string? adapter = host.AdapterOf(fields);
        Model = adapter ?? host.Name;
        Messages = MessageFields.Read(fields);
        Form = AnswerForm.Read(fields, host.Grammars);
        Delivery = Delivery.Read(fields, host.Options.MaxChoices);
        Template = TemplateFields.Read(fields, Form);
        int? alternatives = (int?)fields.Integer("top_logprobs", 0, MostAlternatives);
        bool wantsLogProbabilities = fields.Flag("logprobs") ?? false;
        if (alternatives is not null && !wantsLogProbabilities) throw ApiException.Field("top_logprobs", "is given, but logprobs is not true");
        Generation = SamplingFields.Read(fields, host.Model) with
        {
            Adapter = adapter,
            LogProbabilities = wantsLogProbabilities ? alternatives ?? 0 : null,
            // The token that begins a tool call is special, so it must be shown to be seen.
            ShowSpecialTokens = Form.Tools.Count > 0,
            Constraint = Form.Grammar is { } grammar ? () => new GrammarConstraint(grammar) : null,
        };
    }

    /// <summary>The name of what answers: the model, or an adapter.</summary>
    public string Model { get; }

    /// <summary>The conversation.</summary>
    public List<ChatTurn> Messages { get; }

    /// <summary>What form the answer must have.</summary>
    public AnswerForm Form { get; }

    /// <summary>How the answer is sent.</summary>
    public Delivery Delivery { get; }

    /// <summary>How the prompt is written.</summary>
    public ChatTemplateOptions Template { get; }

    /// <summary>How the answer is generated.</summary>
    public GenerationOptions Generation { get; }
}
