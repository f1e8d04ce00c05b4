using System.Net;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Hub;

/// <summary>What a refusal of the hub means, and the remedy, in one line.</summary>
internal static class HubRefusal
{
    /// <summary>Throws <see cref="CriaException"/> unless the answer is a success.</summary>
    public static void Check(HubReply reply, HubOptions options, HubName name, string? file = null)
    {
        if (reply.Response.IsSuccessStatusCode || reply.Elsewhere is not null) return;
        throw Explain(reply, options, name, file);
    }

    private static CriaException Explain(HubReply reply, HubOptions options, HubName name, string? file)
    {
        string code = Header(reply, "X-Error-Code"), message = Header(reply, "X-Error-Message");
        string host = options.Endpoint.Authority, page = new Uri(options.Endpoint, name.Repository).AbsoluteUri, tokens = new Uri(options.Endpoint, "settings/tokens").AbsoluteUri;
        bool hasToken = options.Token is not null, isDenied = reply.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
        string text = code switch
        {
            "GatedRepo" when !hasToken => $"{name.Repository} is open only to those its owner lets in: ask for access on {page}, then set HF_TOKEN to a token from {tokens}",
            "GatedRepo" => $"{name.Repository} is not open to the account of HF_TOKEN: ask for access on {page} and wait until it is granted",
            "RevisionNotFound" => $"{name.Repository} has no revision '{name.RevisionOrMain}'; its branches and tags are on {page}/tree/main",
            "EntryNotFound" => $"{name.Repository} has no file {file ?? "of that name"} at {name.RevisionOrMain}; {page}/tree/main lists what there is",
            _ when isDenied && message.Contains("Invalid credentials", StringComparison.OrdinalIgnoreCase) => $"{host} does not know the token in HF_TOKEN; make a new one on {tokens}",
            _ when message.Contains("disabled", StringComparison.OrdinalIgnoreCase) => $"{name.Repository} has been disabled on {host}; see {page}",
            "RepoNotFound" or "" when (reply.Status is HttpStatusCode.NotFound or HttpStatusCode.Unauthorized) && file is null =>
                $"{host} has no model {name.Repository}, or it is private: check the spelling{(hasToken ? " and whether the account of HF_TOKEN may read it" : "; for a private one set HF_TOKEN to a token from " + tokens)}",
            _ when reply.Status == HttpStatusCode.NotFound => $"{name.Repository} has no file {file ?? "list"} at {name.RevisionOrMain}; see {page}",
            _ when isDenied && !hasToken => $"{host} asks who you are before it gives {name.Repository}: ask for access on {page}, then set HF_TOKEN to a token from {tokens}",
            _ when isDenied => $"{host} does not let the account of HF_TOKEN read {name.Repository}{Said(message)}: see {page} and the token's rights on {tokens}",
            _ => $"{host} answers {(int)reply.Status} for {name.Repository}{Said(message)}; try again later",
        };
        return new CriaException(text);
    }

    private static string Said(string message) => message.Length == 0 ? "" : $" ({ForeignText.Shown(message)})";

    private static string Header(HubReply reply, string name) => reply.Response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First().Trim() : "";
}
