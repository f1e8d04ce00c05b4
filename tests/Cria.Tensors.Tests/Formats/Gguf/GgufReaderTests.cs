using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;
using Cria.Tests;

namespace Cria.Tensors.Tests.Formats.Gguf;

public sealed class GgufReaderTests
{
    public static TheoryData<string> FileTypes => NanoGoldens.FileTypeData;

    [Theory]
    [MemberData(nameof(FileTypes))]
    public unsafe void Stored_bytes_and_decoded_floats_of_every_tensor_equal_the_reference(string fileType)
    {
        IReadOnlyList<NanoGoldens.ExpectedTensor> expected = NanoGoldens.Tensors(fileType);
        using GgufReader reader = GgufReader.Open(NanoGoldens.GgufPath(fileType));
        Assert.Equal(expected.Count, reader.Tensors.Count);
        foreach (NanoGoldens.ExpectedTensor wanted in expected)
        {
            Assert.True(reader.TryGet(wanted.Name, out TensorInfo info), wanted.Name);
            Assert.Equal(wanted.Type, info.Type.ToString());
            Assert.Equal(wanted.Shape, info.Shape);
            TensorView view = reader.View(info);
            var bytes = new ReadOnlySpan<byte>(view.Data, checked((int)view.ByteCount));
            Assert.Equal(wanted.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
            var values = new float[info.ElementCount];
            BlockFormat.Of(info.Type).Decode(bytes, values);
            Assert.Equal(wanted.Sha256AsF32, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values.AsSpan()))));
        }
    }

    [Fact]
    public void Settings_are_read_with_their_values()
    {
        using GgufReader reader = GgufReader.Open(NanoGoldens.GgufPath("F32"));
        Assert.Equal("llama", reader.Metadata.Text("general.architecture"));
        Assert.Equal(2304, reader.Metadata.Array<string>("tokenizer.ggml.tokens")!.Length);
        Assert.True(reader.Metadata.Integer("llama.block_count") > 0);
        Assert.InRange(reader.Metadata.Number("llama.attention.layer_norm_rms_epsilon"), 0.99e-5, 1.01e-5);
        Assert.All(reader.Entries, entry => Assert.True(reader.Metadata.Contains(entry.Key)));
    }
}
