using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;

namespace Cria.Packing;

/// <summary>Names a prepared model without reading the model whole.</summary>
internal static class PreparedKey
{
    /// <summary>Digits of a name.</summary>
    public const int Digits = 64;

    private const int StretchBytes = 64;

    /// <summary>Changes with the form of the files, so that no old one is taken for a new one.</summary>
    private const string Form = "cria prepared 2 ";

    /// <summary>
    /// SHA-256, in hexadecimal, of the level, each file's header, size and time of its last change, and a stretch of each tensor: models of one shape whose times were all set alike,
    /// as in the layers of a container, are told apart by their weights.
    /// </summary>
    public static string Of(GgufReader model, CpuLevel level)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(Form + PreparedLayout.NameOf(level)));
        Span<byte> numbers = stackalloc byte[16];
        foreach (GgufFile file in model.Headers)
        {
            BinaryPrimitives.WriteInt64LittleEndian(numbers, file.File.Length);
            BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], System.IO.File.GetLastWriteTimeUtc(file.File.Path).Ticks);
            hash.AppendData(numbers);
            hash.AppendData(file.Header);
        }
        foreach (TensorInfo tensor in model.Tensors)
        {
            ReadOnlySpan<byte> row = model.View(tensor).Row(tensor.Rows / 2);
            hash.AppendData(row.Slice(row.Length / 2, Math.Min(StretchBytes, row.Length - row.Length / 2)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
