using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cria.Tensors.Formats;

namespace Cria.Training.Data;

/// <summary>Models and corpora as short texts that differ where they do, so that ranks, or a run and its checkpoint, can compare what they were given without reading all of it again.</summary>
public static class Fingerprint
{
    private const int SampledDocuments = 256;

    /// <summary>A model: its settings, and name, type, shape and first row of every tensor.</summary>
    public static string Of(ITensorSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string key, object value) in source.Metadata.Values) Add(hash, string.Create(CultureInfo.InvariantCulture, $"{key}={(value is Array list ? list.Length : value)};"));
        foreach (TensorInfo tensor in source.Tensors)
        {
            Add(hash, $"{tensor.Name} {tensor.Type} {string.Join(',', tensor.Shape)};");
            hash.AppendData(source.View(tensor).Row(0));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>A corpus: the length of every document, and the tokens of a few hundred spread over it.</summary>
    public static string Of(IExampleSource? examples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int step = Math.Max(1, (examples?.Count ?? 0) / SampledDocuments);
        for (int i = 0; i < examples?.Count; i++)
        {
            Add(hash, string.Create(CultureInfo.InvariantCulture, $"{examples.Length(i)},"));
            if (i % step == 0) Add(hash, string.Join(',', examples[i].Tokens));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
}
