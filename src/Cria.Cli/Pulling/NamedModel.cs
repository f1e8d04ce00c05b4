using Cria.Hub;
using Cria.Tensors;

namespace Cria.Cli.Pulling;

/// <summary>What a user writes after -m: a path, or the name of a model that was pulled, or can be.</summary>
internal static class NamedModel
{
    /// <summary>The path to open. A name that was not pulled is offered to be where a person can answer. Throws <see cref="CriaException"/> when there is no such model.</summary>
    public static string Locate(string? named, Terminal terminal, CancellationToken cancellationToken)
    {
        string text = DefaultModel.Or(named);
        if (PulledModel.Name(text) is not { } name) return text;
        if (PulledModel.Find(name) is { } path) return path;
        HubOptions options = HubOptions.FromEnvironment();
        if (options.Offline || !terminal.InputIsTerminal || !terminal.ErrorIsTerminal) throw PulledModel.Missing(name);
        return OfferAsync(name, options, terminal, cancellationToken).GetAwaiter().GetResult();
    }

    private static async Task<string> OfferAsync(HubName name, HubOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        using var hub = new ModelHub(options);
        PullPlan plan = await hub.PlanAsync(name, null, cancellationToken).ConfigureAwait(false);
        string shown = name.Variant is null && plan.Model.Form == ModelForm.Gguf ? $"{name}:{plan.Model.Label}" : name.ToString();
        await terminal.Error.WriteAsync($"{shown} is not on this computer. Pull it ({Quantity.Bytes(plan.MissingBytes)})? [Y/n] ").ConfigureAwait(false);
        string? answer = await terminal.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        if (answer is null || answer.Trim().ToUpperInvariant() is not ("" or "Y" or "YES")) throw PulledModel.Missing(name);
        return await PullDisplay.PullAsync(hub, plan, terminal, cancellationToken).ConfigureAwait(false);
    }
}
