using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Cria.Adapters;
using Cria.Tensors.Formats;

namespace Cria.Packing;

/// <summary>Tells models apart without reading them whole: a hash of every tensor's name, type and shape and of stretches of its bytes, and of the adapters applied.</summary>
internal static class ModelFingerprint
{
    private const int Stretches = 16, StretchBytes = 256;

    /// <summary>The hash, in hexadecimal.</summary>
    public static string Of(ITensorSource source, IEnumerable<ScaledAdapter> adapters)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TensorInfo tensor in source.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            Text(FormattableString.Invariant($"{tensor.Name} {tensor.Type} {string.Join('x', tensor.Shape)}\n"));
            long rows = tensor.Rows;
            for (int i = 0; i < Stretches; i++)
            {
                // Spread over the rows, and along them.
                ReadOnlySpan<byte> row = source.View(tensor).Row((rows - 1) * i / (Stretches - 1));
                int length = Math.Min(StretchBytes, row.Length);
                hash.AppendData(row.Slice((int)((long)(row.Length - length) * i / (Stretches - 1)), length));
                if (rows == 1 && row.Length <= StretchBytes) break;
            }
        }
        Span<byte> number = stackalloc byte[8];
        foreach (ScaledAdapter adapter in adapters)
        {
            foreach (LoraMatrix matrix in adapter.Adapter.Matrices)
            {
                Text(FormattableString.Invariant($"{matrix.Target} {matrix.Rank}\n"));
                BinaryPrimitives.WriteDoubleLittleEndian(number, matrix.Scale * adapter.Scale);
                hash.AppendData(number);
                hash.AppendData(MemoryMarshal.AsBytes(matrix.Down.AsSpan()));
                hash.AppendData(MemoryMarshal.AsBytes(matrix.Up.AsSpan()));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Text(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
    }
}
