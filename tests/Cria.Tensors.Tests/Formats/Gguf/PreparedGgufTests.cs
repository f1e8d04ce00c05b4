using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Formats.Gguf;

public class PreparedGgufTests
{
    private const int Columns = 512, Rows = 16 * 3 + 5;

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>().Where(type => BlockFormat.IsInGguf(type) && InterleavedRows.Supports(BlockFormat.Of(type)))];

    [Theory]
    [MemberData(nameof(Types))]
    public unsafe void A_view_gives_rows_as_they_were_whatever_is_asked_for(TensorType type)
    {
        (byte[] bytes, GgufReader plain, GgufReader prepared) = Both(type);
        using (plain)
        using (prepared)
        {
            TensorInfo info = Assert.Single(prepared.Tensors);
            TensorView expected = plain.View(info), actual = prepared.View(info);
            Assert.Equal(type, info.Type);
            Assert.True(actual.IsInterleaved);
            Assert.False(new ReadOnlySpan<byte>(actual.Data, bytes.Length).SequenceEqual(bytes));
            Assert.True(actual.RowRange(0, Rows).SequenceEqual(bytes));
            foreach ((int first, int count) in (ReadOnlySpan<(int, int)>)[(0, 16), (3, 1), (15, 2), (7, 40), (32, 21), (48, 5), (50, 0), (52, 1)])
            {
                Assert.True(actual.RowRange(first, count).SequenceEqual(expected.RowRange(first, count)), $"{count} rows from {first}");
                float[] a = new float[count * Columns], b = new float[count * Columns];
                expected.Decode(first, count, a);
                actual.Decode(first, count, b);
                Assert.Equal(a.Select(BitConverter.SingleToInt32Bits), b.Select(BitConverter.SingleToInt32Bits));
            }
            for (int row = 0; row < Rows; row++) Assert.True(actual.Row(row).SequenceEqual(expected.Row(row)));
            Assert.Throws<ArgumentOutOfRangeException>(() => prepared.View(info).Row(Rows));
        }
    }

    [Fact]
    public void What_is_written_from_it_is_plain_again()
    {
        (byte[] bytes, GgufReader plain, GgufReader prepared) = Both(TensorType.Q4_K);
        using (plain)
        using (prepared)
        {
            Assert.Equal("avx2", prepared.PreparedFor);
            Assert.Null(plain.PreparedFor);
            Assert.Equal(plain.Entries, prepared.Entries);
            Assert.DoesNotContain(prepared.Metadata.Values.Keys, key => key.StartsWith("cria.", StringComparison.Ordinal));
            using var copy = new MemoryStream();
            GgufWriter.Write(copy, prepared.Entries, [.. prepared.Tensors.Select(info => TensorContent.From(prepared, info))]);
            using GgufReader back = GgufReader.FromBytes("copy", copy.ToArray());
            TensorView view = back.View(back.Tensors[0]);
            Assert.False(view.IsInterleaved);
            Assert.True(view.RowRange(0, Rows).SequenceEqual(bytes));
        }
    }

    [Fact]
    public void Type_numbers_are_far_from_all_others_and_mean_nothing_for_types_that_cannot_lie_so()
    {
        Assert.Equal((TensorType.Q4_0, true), PreparedGguf.Parse(PreparedGguf.TypeNumber(TensorType.Q4_0, isInterleaved: true)));
        Assert.Equal((TensorType.Q6_K, true), PreparedGguf.Parse(PreparedGguf.TypeNumber(TensorType.Q6_K, isInterleaved: true)));
        Assert.Equal((TensorType.F32, false), PreparedGguf.Parse((uint)TensorType.F32));
        // Q6_K as it lay before its blocks were packed, and Q4_0, which never are.
        Assert.False(PreparedGguf.Parse(0x43720000 + (uint)TensorType.Q6_K).IsInterleaved);
        Assert.False(PreparedGguf.Parse(0x43720100 + (uint)TensorType.Q4_0).IsInterleaved);
        Assert.True(PreparedGguf.TypeNumber(TensorType.F32, isInterleaved: true) > 0x1000000);
        Assert.False(PreparedGguf.Parse(PreparedGguf.TypeNumber(TensorType.I8, isInterleaved: true)).IsInterleaved);
        Assert.False(PreparedGguf.Parse(PreparedGguf.TypeNumber((TensorType)9999, isInterleaved: true)).IsInterleaved);
    }

    [Fact]
    public void A_level_prepares_what_its_kernels_want()
    {
        foreach (CpuLevel level in Enum.GetValues<CpuLevel>().Where(KernelTable.HasDirect))
        {
            foreach (TensorType type in Types.Select(row => row.Data)) Assert.Equal(KernelTable.MatMul(type, level).WantsInterleaved, PreparedLayout.IsInterleaved(type, level));
        }
        Assert.Equal([CpuLevel.Avx2], PreparedLayout.Levels);
        Assert.Equal(CpuLevel.Avx2, PreparedLayout.Parse("AVX512"));
        Assert.Equal(CpuLevel.Portable, PreparedLayout.Parse("portable"));
        Assert.Contains("portable, avx2, avx512 or vnni", Assert.Throws<CriaException>(() => PreparedLayout.Parse("3")).Message, StringComparison.Ordinal);
    }

    private static (byte[] Bytes, GgufReader Plain, GgufReader Prepared) Both(TensorType type)
    {
        var format = BlockFormat.Of(type);
        var random = new Random((int)type);
        var values = new float[Rows * Columns];
        for (int i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
        var bytes = new byte[format.RowBytes(Columns) * Rows];
        format.Encode(values, bytes);
        var info = new TensorInfo("t", type, [Rows, Columns], bytes.Length);
        using MemoryStream plain = new(), prepared = new();
        GgufEntry[] entries = [new("general.name", GgufValueType.String, "x")];
        GgufWriter.Write(plain, entries, [new TensorContent(info, stream => stream.Write(bytes))]);
        GgufReader source = GgufReader.FromBytes("plain", plain.ToArray());
        GgufWriter.Write(prepared, [.. entries, new(PreparedGguf.LevelKey, GgufValueType.String, "avx2")], [TensorContent.Interleaved(source, info)]);
        return (bytes, source, GgufReader.FromBytes("prepared", prepared.ToArray()));
    }
}
