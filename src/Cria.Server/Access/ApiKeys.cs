using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Access;

/// <summary>The keys that let a request in. Comparing takes as long whichever key is right and however much of it is.</summary>
internal sealed class ApiKeys(IReadOnlyList<string> keys)
{
    private const string Scheme = "Bearer ";

    private readonly byte[][] hashes = [.. keys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];

    /// <summary>Who asks: a short name of the key, or the address where there are no keys. Throws where the key is missing or wrong.</summary>
    public string Admit(HttpContext context)
    {
        if (hashes.Length == 0) return context.Connection.RemoteIpAddress?.ToString() ?? "local";
        string header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) throw Refused("no API key was sent; send 'Authorization: Bearer KEY'");
        byte[] sent = SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim()));
        bool known = false;
        foreach (byte[] hash in hashes) known |= CryptographicOperations.FixedTimeEquals(hash, sent);
        return known ? Convert.ToHexString(sent.AsSpan(0, 8)) : throw Refused("the API key is not one of this server's");
    }

    private static ApiException Refused(string message) => new(401, message, code: "invalid_api_key");
}
