using System.IO.Compression;
using System.Text;
using Cria.Tensors.Formats.MetaCheckpoint;

namespace Cria.Tensors.Tests.Formats.MetaCheckpoint;

public sealed class TorchFileTests
{
    [Fact]
    public unsafe void Tensors_are_found_with_their_shapes_and_bytes()
    {
        using TorchFile file = TorchFile.FromBytes("test.pth", Archive(Checkpoint("BFloat16Storage", [2, 2], [2, 1], offset: 1)));
        TorchTensor tensor = file.Tensors["w"];
        Assert.Equal([2L, 2L], tensor.Shape);
        (TensorType type, IntPtr data) = file.Locate("w");
        Assert.Equal(TensorType.BF16, type);
        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 9], new ReadOnlySpan<byte>((byte*)data, 8).ToArray());
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_tensor")]
    public void A_checkpoint_that_calls_a_function_is_refused_by_its_name(string module, string name)
    {
        byte[] pickle = [0x80, 2, (byte)'c', .. Encoding.ASCII.GetBytes($"{module}\n{name}\n"), (byte)'X', 4, 0, 0, 0, .. "true"u8, 0x85, (byte)'R', (byte)'.'];
        var failure = Assert.Throws<CriaException>(() => TorchFile.FromBytes("test.pth", Archive(pickle)));
        Assert.Contains($"asks to run {module}.{name}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_do_not_fit_their_bytes_are_refused()
    {
        Assert.Contains("beyond its bytes", Refused(Checkpoint("BFloat16Storage", [2, 2], [2, 1], offset: 2)), StringComparison.Ordinal);
        Assert.Contains("larger than its bytes", Refused(Checkpoint("FloatStorage", [2, 2], [2, 1], offset: 0)), StringComparison.Ordinal);
        Assert.Contains("does not lie row after row", Refused(Checkpoint("BFloat16Storage", [2, 2], [1, 2], offset: 0)), StringComparison.Ordinal);
        Assert.Contains("is a LongStorage", Refused(Checkpoint("LongStorage", [1, 1], [1, 1], offset: 0)), StringComparison.Ordinal);

        static string Refused(byte[] pickle)
        {
            using TorchFile file = TorchFile.FromBytes("test.pth", Archive(pickle));
            return Assert.Throws<CriaException>(() => file.Locate("w")).Message;
        }
    }

    [Fact]
    public void Thousands_of_mutated_tables_are_read_or_refused_with_one_line()
    {
        byte[] whole = Checkpoint("BFloat16Storage", [2, 2], [2, 1], offset: 1);
        int refused = 0;
        for (int seed = 0; seed < 5000; seed++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                TorchUnpickler.Read("test.pth", Mutation.Of(whole, seed, whole.Length));
            }
            catch (CriaException failure)
            {
                Assert.StartsWith("test.pth", failure.Message, StringComparison.Ordinal);
                Assert.DoesNotContain(failure.Message, char.IsControl);
                refused++;
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
        }
        Assert.InRange(refused, 1000, 4999);
    }

    [Fact]
    public void Thousands_of_mutated_files_are_read_or_refused_with_one_line()
    {
        byte[] whole = Archive(Checkpoint("BFloat16Storage", [2, 2], [2, 1], offset: 1));
        for (int seed = 0; seed < 3000; seed++)
        {
            try
            {
                using TorchFile file = TorchFile.FromBytes("test.pth", Mutation.Of(whole, seed, whole.Length));
                foreach (string name in file.Tensors.Keys) file.Locate(name);
            }
            catch (CriaException failure)
            {
                Assert.StartsWith("test.pth", failure.Message, StringComparison.Ordinal);
                Assert.DoesNotContain(failure.Message, char.IsControl);
            }
        }
    }

    /// <summary>The pickle of {"w": tensor}, step by step as PyTorch writes it.</summary>
    private static byte[] Checkpoint(string storageType, byte[] shape, byte[] strides, byte offset) =>
    [
        0x80, 2, (byte)'}', (byte)'q', 0, (byte)'(', .. Text("w"),
        (byte)'c', .. "torch._utils\n_rebuild_tensor_v2\n"u8, (byte)'q', 1, (byte)'(', (byte)'(',
        .. Text("storage"), (byte)'c', .. Encoding.ASCII.GetBytes($"torch\n{storageType}\n"), .. Text("0"), .. Text("cpu"), (byte)'K', 5, (byte)'t', (byte)'Q',
        (byte)'K', offset, (byte)'K', shape[0], (byte)'K', shape[1], 0x86, (byte)'K', strides[0], (byte)'K', strides[1], 0x86,
        0x89, (byte)'c', .. "collections\nOrderedDict\n"u8, (byte)')', (byte)'R', (byte)'t', (byte)'R', (byte)'u', (byte)'.',
    ];

    private static byte[] Text(string text) => [(byte)'X', (byte)text.Length, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Archive(byte[] pickle)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("test/data.pkl", pickle);
            Add("test/data/0", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

            void Add(string name, byte[] content)
            {
                using Stream entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }
        }
        return stream.ToArray();
    }
}
