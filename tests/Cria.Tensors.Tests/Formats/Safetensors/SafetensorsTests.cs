using System.Text;
using Cria.Tensors.Formats.Safetensors;

namespace Cria.Tensors.Tests.Formats.Safetensors;

public sealed class SafetensorsTests
{
    private static readonly SafetensorsContent[] Contents =
    [
        new("first", "F32", [2, 3], stream => stream.Write(new byte[24])),
        new("zweite \"Größe\"", "BF16", [4], stream => stream.Write([1, 2, 3, 4, 5, 6, 7, 8])),
        new("scalar", "I8", [], stream => stream.Write([9])),
        new("empty", "F16", [0, 5], _ => { }),
    ];

    [Fact]
    public unsafe void What_is_written_is_read_again()
    {
        byte[] bytes = Written();
        using SafetensorsFile file = SafetensorsFile.FromBytes("test.safetensors", bytes);
        Assert.Equal(Contents.Select(content => (content.Name, content.Type)).Order(), file.Entries.Select(entry => (entry.Name, entry.Type)).Order());
        SafetensorsEntry second = file.Entries.Single(entry => entry.Name == "zweite \"Größe\"");
        Assert.Equal([4L], second.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], new ReadOnlySpan<byte>(file.Data(second), 8).ToArray());
        Assert.Equal(0, (8 + BitConverter.ToInt64(bytes)) % 8);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", "overlaps a")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "appears twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "takes 12 bytes but has 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "beyond the end")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,8]}}""", "larger than the file")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}""", "beyond the end")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "not made of counts")]
    [InlineData("""{"a":{"dtype":"Q9","shape":[2],"data_offsets":[0,8]}}""", "has the type Q9")]
    [InlineData("""{"a":{"dtype":"F32"}}""", "lacks dtype, shape or data_offsets")]
    [InlineData("""{"a":3}""", "lacks dtype, shape or data_offsets")]
    [InlineData("[1]", "does not hold a JSON object")]
    [InlineData("{", "is not valid JSON")]
    public void Headers_that_make_no_sense_are_refused(string header, string expected) =>
        Assert.Contains(expected, Failure([.. BitConverter.GetBytes((ulong)header.Length), .. Encoding.UTF8.GetBytes(header), .. new byte[16]])!, StringComparison.Ordinal);

    [Fact]
    public void A_header_of_absurd_length_is_refused()
    {
        foreach (ulong length in new[] { ulong.MaxValue, 1ul << 63, 1ul << 40, 17ul })
            Assert.Contains("its header would have", Failure([.. BitConverter.GetBytes(length), .. new byte[16]])!, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_mutated_files_are_read_or_refused_with_one_line()
    {
        byte[] whole = Written();
        int refused = 0;
        for (int seed = 0; seed < 5000; seed++)
        {
            byte[] bytes = Mutation.Of(whole, seed, whole.Length - 40);
            if (Failure(bytes) is not null) refused++;
        }
        Assert.InRange(refused, 1000, 4999);
    }

    private static byte[] Written()
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, Contents);
        return stream.ToArray();
    }

    private static unsafe string? Failure(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using SafetensorsFile file = SafetensorsFile.FromBytes("test.safetensors", bytes);
            int sum = 0;
            foreach (SafetensorsEntry entry in file.Entries)
                foreach (byte b in new ReadOnlySpan<byte>(file.Data(entry), (int)entry.ByteCount)) sum += b;
            return sum < 0 ? "never" : null;
        }
        catch (CriaException failure)
        {
            Assert.StartsWith("test.safetensors", failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(failure.Message, char.IsControl);
            return failure.Message;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000 + 40L * bytes.Length);
        }
    }
}
