using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cria.Cli;

/// <summary>What tells one run of a measurement from another: results that were kept are only right for the same model and settings.</summary>
internal static class RunIdentity
{
    /// <summary>A short text for a model, as it is loaded, and settings.</summary>
    public static string Of(LanguageModel model, string settings)
    {
        var file = new FileInfo(model.Path);
        string whole = string.Create(CultureInfo.InvariantCulture, $"{settings}|{model.Name}|{(file.Exists ? file.Length : 0)}|{model.Config}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole)))[..16];
    }
}
