using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Formats.Gguf;

/// <summary>A GGUF file of a few kilobytes that has every kind of setting and every type of tensor.</summary>
internal static class SmallGguf
{
    public static readonly IReadOnlyList<GgufEntry> Entries =
    [
        new("general.architecture", GgufValueType.String, "llama"),
        new("a.byte", GgufValueType.UInt8, (byte)200),
        new("a.sbyte", GgufValueType.Int8, (sbyte)-3),
        new("a.ushort", GgufValueType.UInt16, (ushort)60000),
        new("a.short", GgufValueType.Int16, (short)-300),
        new("a.uint", GgufValueType.UInt32, 4000000000u),
        new("a.int", GgufValueType.Int32, -70000),
        new("a.float", GgufValueType.Float32, 0.1f),
        new("a.bool", GgufValueType.Bool, true),
        new("a.ulong", GgufValueType.UInt64, ulong.MaxValue),
        new("a.long", GgufValueType.Int64, long.MinValue),
        new("a.double", GgufValueType.Float64, Math.PI),
        new("texts", GgufValueType.Array, new[] { "", "Ġthe", "日本" }),
        new("floats", GgufValueType.Array, new[] { 1f, -2f }),
        new("ints", GgufValueType.Array, new[] { 1, -2, 3 }),
        new("bools", GgufValueType.Array, new[] { true, false }),
        new("bytes", GgufValueType.Array, new byte[] { 1, 2, 3, 4, 5 }),
        new("longs", GgufValueType.Array, new[] { long.MaxValue }),
    ];

    /// <summary>One tensor of each type, filled with bytes drawn by a fixed seed.</summary>
    public static IReadOnlyList<TensorContent> Tensors()
    {
        var random = new Random(1);
        return BlockFormat.All.Values.OrderBy(format => (int)format.Type).Select(format =>
        {
            long[] shape = [2, 256];
            var bytes = new byte[2 * format.RowBytes(256)];
            random.NextBytes(bytes);
            return new TensorContent(new TensorInfo($"blk.{(int)format.Type}.weight", format.Type, shape, bytes.Length), stream => stream.Write(bytes));
        }).ToArray();
    }

    public static byte[] Bytes()
    {
        using var stream = new MemoryStream();
        GgufWriter.Write(stream, Entries, Tensors());
        return stream.ToArray();
    }
}
