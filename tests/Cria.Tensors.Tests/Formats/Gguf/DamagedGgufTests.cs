using System.Buffers.Binary;
using System.Text;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Formats.Gguf;

public sealed class DamagedGgufTests
{
    private static readonly byte[] Whole = SmallGguf.Bytes();

    [Fact]
    public void A_file_cut_anywhere_in_its_header_says_so()
    {
        using GgufReader whole = GgufReader.FromBytes("small.gguf", Whole);
        int tensorBytes = whole.Tensors.Sum(info => (int)((info.ByteCount + 31) / 32 * 32));
        for (int length = 1; length < Whole.Length - tensorBytes; length += 7) Assert.NotNull(Failure(Whole[..length]));
    }

    [Fact]
    public void A_file_cut_in_its_data_names_the_tensor()
    {
        string message = Failure(Whole[..^1000])!;
        Assert.Contains("reaches beyond the end of the file", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "not a GGUF file")]
    [InlineData(0x0300_0000, "big-endian")]
    [InlineData(1, "GGUF version 1")]
    [InlineData(99, "GGUF version 99")]
    public void Another_magic_or_version_is_refused(uint version, string expected)
    {
        byte[] bytes = (byte[])Whole.Clone();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(version == 0 ? 0 : 4), version);
        Assert.Contains(expected, Failure(bytes)!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, "the tensor count says")]
    [InlineData(16, "the setting count says")]
    [InlineData(24, "the key of setting 0 says")]
    public void Absurd_counts_are_refused(int place, string expected)
    {
        foreach (ulong count in new[] { ulong.MaxValue, 1ul << 63, 1ul << 40, (ulong)Whole.Length })
        {
            byte[] bytes = (byte[])Whole.Clone();
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(place), count);
            Assert.Contains(expected, Failure(bytes)!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Misshapen_tensors_are_refused()
    {
        Assert.Contains("has a size of 0", Failure(WithTensor([0ul, 4], 0, 0))!, StringComparison.Ordinal);
        Assert.Contains("has a size of 18446744073709551615", Failure(WithTensor([ulong.MaxValue], 0, 0))!, StringComparison.Ordinal);
        Assert.Contains("is larger than the file", Failure(WithTensor([1ul << 62, 1ul << 62], 0, 0))!, StringComparison.Ordinal);
        Assert.Contains("0 sizes instead of one to four", Failure(WithTensor([], 0, 0))!, StringComparison.Ordinal);
        Assert.Contains("5 sizes instead of one to four", Failure(WithTensor([1, 1, 1, 1, 1], 0, 0))!, StringComparison.Ordinal);
        Assert.Contains("no multiple of the 32", Failure(WithTensor([33], (uint)TensorType.Q8_0, 0))!, StringComparison.Ordinal);
        Assert.Contains("has type 4, which Cria does not read", Failure(WithTensor([32], 4, 0))!, StringComparison.Ordinal);
        Assert.Contains("no multiple of the alignment", Failure(WithTensor([4], 0, 1))!, StringComparison.Ordinal);
        Assert.Contains("beyond the end", Failure(WithTensor([4], 0, 1ul << 63))!, StringComparison.Ordinal);
        Assert.Null(Failure(WithTensor([4, 4], 0, 32)));
    }

    [Fact]
    public void Overlapping_tensors_and_duplicate_names_are_refused()
    {
        Assert.Contains("tensors one and two overlap", Failure(Header(0, 2, Tensor("one", [16], 0, 0), Tensor("two", [16], 0, 32)))!, StringComparison.Ordinal);
        Assert.Contains("tensor one appears twice", Failure(Header(0, 2, Tensor("one", [8], 0, 0), Tensor("one", [8], 0, 32)))!, StringComparison.Ordinal);
        byte[] setting = [.. Text("k"), .. Number(4u), .. Number(7u)];
        Assert.Contains("setting k appears twice", Failure(Header(2, 0, setting, setting))!, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_text_and_values_are_refused_in_one_line()
    {
        Assert.Contains("not valid UTF-8", Failure(Header(1, 0, [.. Number(2ul), 0xc3, 0x28]))!, StringComparison.Ordinal);
        Assert.Contains("setting k is not valid UTF-8", Failure(Header(1, 0, [.. Text("k"), .. Number(8u), .. Number(1ul), 0xff]))!, StringComparison.Ordinal);
        Assert.Contains("should be true (1) or false (0) but is 7", Failure(Header(1, 0, [.. Text("k"), .. Number(7u), 7]))!, StringComparison.Ordinal);
        Assert.Contains("unknown value type 77", Failure(Header(1, 0, [.. Text("k"), .. Number(77u)]))!, StringComparison.Ordinal);
        Assert.Contains("array of arrays", Failure(Header(1, 0, [.. Text("k"), .. Number(9u), .. Number(9u), .. Number(0ul)]))!, StringComparison.Ordinal);
        Assert.Contains("power of two but is 3", Failure(Header(1, 0, [.. Text("general.alignment"), .. Number(4u), .. Number(3u)]))!, StringComparison.Ordinal);
        Failure(Header(1, 0, [.. Text("two\r\nlines\u0007"), .. Number(77u)]));
    }

    [Fact]
    public void A_missing_file_a_folder_and_an_empty_file_are_explained()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no such file", Assert.Throws<CriaException>(() => GgufReader.Open(folder.File("none.gguf"))).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<CriaException>(() => GgufReader.Open(folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("empty.gguf"), []);
        Assert.Contains("is empty", Assert.Throws<CriaException>(() => GgufReader.Open(folder.File("empty.gguf"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_mutated_files_are_read_or_refused_with_one_line()
    {
        int refused = 0;
        for (int seed = 0; seed < 6000; seed++)
        {
            byte[] bytes = Mutation.Of(Whole, seed);
            if (bytes.Length > 0 && Failure(bytes) is not null) refused++;
        }
        Assert.InRange(refused, 1000, 5999);
    }

    /// <summary>Reads everything in the file; returns the one-line message if it was refused.</summary>
    private static string? Failure(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using GgufReader reader = GgufReader.FromBytes("small.gguf", bytes);
            foreach (TensorInfo info in reader.Tensors)
            {
                TensorView view = reader.View(info);
                var values = new float[view.Columns];
                for (long row = 0; row < view.Rows; row++) BlockFormat.Of(view.Type).Decode(view.Row(row), values);
            }
            return null;
        }
        catch (CriaException failure)
        {
            Assert.StartsWith("small.gguf", failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(failure.Message, char.IsControl);
            return failure.Message;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000 + 40L * bytes.Length);
        }
    }

    private static byte[] WithTensor(ulong[] sizes, uint type, ulong offset) => Header(0, 1, Tensor("one", sizes, type, offset));

    /// <summary>A header with these items, and 200 bytes of data.</summary>
    private static byte[] Header(ulong settings, ulong tensors, params byte[][] items) =>
        [.. "GGUF"u8, .. Number(3u), .. Number(tensors), .. Number(settings), .. items.SelectMany(item => item), .. new byte[200]];

    private static byte[] Tensor(string name, ulong[] sizes, uint type, ulong offset) =>
        [.. Text(name), .. Number((uint)sizes.Length), .. sizes.SelectMany(Number), .. Number(type), .. Number(offset)];

    private static byte[] Text(string text) => [.. Number((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Number(uint number) => BitConverter.GetBytes(number);

    private static byte[] Number(ulong number) => BitConverter.GetBytes(number);
}
