using System.Text.Json;

namespace Cria.Tests;

/// <summary>The reference hashes of the tiny network that lies beside the repository in every container.</summary>
internal static class NanoGoldens
{
    /// <summary>What a reference tensor must be: its type, its shape (outermost first) and its hashes, as stored and as float32.</summary>
    public sealed record ExpectedTensor(string Name, string Type, long[] Shape, string Sha256, string Sha256AsF32);

    /// <summary>Every file type there is a reference for, such as Q4_K_M.</summary>
    public static readonly string[] FileTypes =
    [
        "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L",
        "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ4_NL", "IQ4_XS",
    ];

    /// <summary>The file types as theory data.</summary>
    public static TheoryData<string> FileTypeData => [.. FileTypes];

    /// <summary>The GGUF file of a type.</summary>
    public static string GgufPath(string fileType)
    {
        string path = SharedData.PathOf("goldens/nano/nano-f32.gguf");
        return Path.Combine(Path.GetDirectoryName(path)!, $"nano-{fileType.ToLowerInvariant()}.gguf");
    }

    /// <summary>The reference tensors of a file type, in stored order.</summary>
    public static IReadOnlyList<ExpectedTensor> Tensors(string fileType)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/nano/expected.json")));
        return document.RootElement.GetProperty("types").GetProperty(fileType).GetProperty("tensors").EnumerateObject()
            .Select(tensor => new ExpectedTensor(
                tensor.Name,
                tensor.Value.GetProperty("type").GetString()!,
                [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
                tensor.Value.GetProperty("sha256").GetString()!,
                tensor.Value.GetProperty("sha256_as_f32").GetString()!))
            .ToArray();
    }
}
