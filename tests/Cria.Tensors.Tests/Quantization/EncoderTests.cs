using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Quantization;
using Cria.Tests;

namespace Cria.Tensors.Tests.Quantization;

public sealed class EncoderTests
{
    public static TheoryData<string> FileTypes => NanoGoldens.FileTypeData;

    [Theory]
    [MemberData(nameof(FileTypes))]
    public void Bytes_equal_those_of_the_reference_quantizer(string fileType)
    {
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("F32"));
        foreach (NanoGoldens.ExpectedTensor expected in NanoGoldens.Tensors(fileType))
        {
            Assert.True(source.TryGet(expected.Name, out TensorInfo info));
            ReadOnlySpan<float> values = Values(source, info);
            BlockFormat format = BlockFormat.Of(Enum.Parse<TensorType>(expected.Type));
            var bytes = new byte[format.RowBytes(values.Length)];
            format.Encode(values, bytes);
            Assert.True(expected.Sha256 == Convert.ToHexStringLower(SHA256.HashData(bytes)), $"{expected.Name} as {expected.Type}");
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Blocks_encoded_one_by_one_are_the_same_as_together(TensorType type)
    {
        BlockFormat format = BlockFormat.Of(type);
        float[] values = Normal(seed: 3, 9 * 256);
        byte[] together = Encode(format, values);
        int size = Math.Max(format.BlockSize, 32);
        byte[] apart = [.. Enumerable.Range(0, values.Length / size).SelectMany(b => Encode(format, values[(b * size)..((b + 1) * size)]))];
        Assert.Equal(together, apart);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Importance_lowers_the_error_it_weighs(TensorType type)
    {
        BlockFormat format = BlockFormat.Of(type);
        float[] values = Normal(seed: 4, 8 * 512);
        float[] importance = [.. Normal(seed: 5, 512).Select(x => MathF.Exp(2 * x))];
        float[] plain = Decode(format, Encode(format, values), values.Length);
        float[] weighted = Decode(format, Encode(format, values, importance), values.Length);
        Assert.InRange(Error(weighted), 0, Error(plain));

        double Error(float[] decoded) => values.Select((x, i) => (double)importance[i % importance.Length] * (x - decoded[i]) * (x - decoded[i])).Sum();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Extreme_rows_decode_to_finite_values_near_them(TensorType type)
    {
        BlockFormat format = BlockFormat.Of(type);
        float[] uniform = [.. Enumerable.Repeat(1f, 256)];
        foreach (float size in new[] { 0f, 1e-30f, 1e-9f, 1f, -1f, 100f })
        {
            foreach (float spread in new[] { 0f, 1f })
            {
                float[] values = [.. Normal(seed: 6, 256).Select(x => size * (spread == 0 ? 1 : x))];
                foreach (float[] importance in new[] { [], uniform, new float[256] })
                {
                    float[] decoded = Decode(format, Encode(format, values, importance), values.Length);
                    float limit = importance.Length > 0 && importance[0] == 0 ? 40 * MathF.Abs(size) : 2 * MathF.Abs(size);
                    Assert.All(decoded, (x, i) => Assert.InRange(x - values[i], -limit - 1e-6f, limit + 1e-6f));
                }
            }
        }
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        BlockFormat format = BlockFormat.Of(TensorType.Q4_K);
        Assert.Throws<ArgumentException>(() => format.Encode(new float[256], new byte[143]));
        Assert.Throws<ArgumentException>(() => format.Encode(new float[256], new byte[144], new float[512]));
        Assert.Throws<CriaException>(() => format.Encode(new float[255], new byte[144]));
    }

    public static TheoryData<TensorType> Types => [.. BlockFormat.All.Keys.Order()];

    private static float[] Normal(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }

    private static byte[] Encode(BlockFormat format, float[] values, float[]? importance = null)
    {
        var bytes = new byte[format.RowBytes(values.Length)];
        format.Encode(values, bytes, importance);
        return bytes;
    }

    private static float[] Decode(BlockFormat format, byte[] bytes, int count)
    {
        var values = new float[count];
        format.Decode(bytes, values);
        return values;
    }

    private static unsafe ReadOnlySpan<float> Values(GgufReader source, TensorInfo info)
    {
        TensorView view = source.View(info);
        return MemoryMarshal.Cast<byte, float>(new ReadOnlySpan<byte>(view.Data, checked((int)view.ByteCount)));
    }
}
