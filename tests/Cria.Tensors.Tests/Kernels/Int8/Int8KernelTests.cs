using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Unpack;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Tests.Kernels.Int8;

public sealed unsafe class Int8KernelTests
{
    /// <summary>Each kernel this processor can run, once.</summary>
    private static Dictionary<string, Int8Kernel> Kernels
    {
        get
        {
            var kernels = new Dictionary<string, Int8Kernel>();
            foreach (CpuLevel level in Cpu.Available) Add(KernelTable.Int8(level));
            if (Cpu.Highest >= CpuLevel.Avx2) Add(new VectorInt8Kernel<Int8Lanes256>());
            if (AvxVnni.IsSupported) Add(new VectorInt8Kernel<Int8Lanes256Vnni>());
            return kernels;

            void Add(Int8Kernel kernel) => kernels.TryAdd(kernel.GetType().ToString(), kernel);
        }
    }

    public static TheoryData<string, TensorType> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, TensorType>();
            foreach (string kernel in Kernels.Keys)
                foreach (TensorType type in UnpackTable.Types.Order())
                    pairs.Add(kernel, type);
            return pairs;
        }
    }

    [Fact]
    public void No_level_falls_back_on_the_specification() =>
        Assert.All(Cpu.Available, level => Assert.IsNotType<ScalarInt8Kernel>(KernelTable.Int8(level)));

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Every_kernel_computes_the_bits_of_the_specification(string name, TensorType type)
    {
        Int8Kernel kernel = Kernels[name];
        Unpacker format = UnpackTable.For(type, CpuLevel.Portable);
        var random = new Random(31 + (int)type);
        for (int round = 0; round < 60; round++)
        {
            int panels = random.Next(1, 3), blocks = round % (Int8Call.MaxColumns / Int8Activations.BlockSize) + 1, tokens = round % (3 * kernel.TileTokens) + 1;
            Compare(kernel, format, panels, tokens, blocks, extreme: round % 3 == 0, random);
        }
    }

    private static void Compare(Int8Kernel kernel, Unpacker format, int panels, int tokens, int blocks, bool extreme, Random random)
    {
        const int yTokenBytes = 45 * sizeof(float);
        int groups = Int8Activations.BlockSize / format.GroupSize;
        using var values = new NativeBuffer(2 * Int8Call.PanelStride);
        using var signedValues = new NativeBuffer(2 * Int8Call.PanelStride);
        using var scales = new NativeBuffer(2 * Int8Call.ScaleStride);
        using var minimums = new NativeBuffer(2 * Int8Call.ScaleStride);
        int largest = format.Largest;
        for (int i = 0; i < 2 * Int8Call.PanelStride; i++)
        {
            int value = extreme ? random.Next(2) * largest : random.Next(largest + 1);
            values.Data[i] = (byte)value;
            signedValues.Data[i] = (byte)(value - format.Zero);
        }
        FillFloats(scales, random);
        FillFloats(minimums, random);

        var x = new sbyte[tokens * blocks * Int8Activations.BlockSize];
        for (int i = 0; i < x.Length; i++) x[i] = (sbyte)(extreme ? random.Next(2) * 254 - 127 : random.Next(-127, 128));
        if (extreme && random.Next(2) == 0) Array.Fill(x, (sbyte)127);
        var xScales = new float[tokens * blocks];
        for (int i = 0; i < xScales.Length; i++) xScales[i] = random.NextSingle() * 0.02f;

        float[] expected = Run(new ScalarInt8Kernel()), actual = Run(kernel);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
                Assert.Fail($"panels {panels}, tokens {tokens}, blocks {blocks}, extreme {extreme}: y[{i / 45}, {i % 45}] is {actual[i]:R}, specified {expected[i]:R}");
        }

        float[] Run(Int8Kernel which)
        {
            // Rows and tokens that are not asked for keep what they hold.
            var y = new float[(tokens + 1) * 45];
            for (int i = 0; i < y.Length; i++) y[i] = i * 0.25f - 9;
            int stride = which.TileTokens, tiles = (tokens + stride - 1) / stride;
            using var tileX = new NativeBuffer(tiles * blocks * stride * Int8Activations.BlockSize);
            using var tileScales = new NativeBuffer(tiles * blocks * stride * sizeof(float));
            using var starts = new NativeBuffer(tiles * blocks * groups * stride * sizeof(int));
            using var sums = new NativeBuffer(tiles * blocks * groups * stride * sizeof(float));
            for (int token = 0; token < tokens; token++)
            {
                for (int block = 0; block < blocks; block++)
                {
                    int from = token * blocks + block, to = (token / stride * blocks + block) * stride, slot = token % stride;
                    ReadOnlySpan<sbyte> bytes = x.AsSpan(from * 32, 32);
                    ((float*)tileScales.Data)[to + slot] = xScales[from];
                    bytes.CopyTo(new Span<sbyte>(tileX.Data + (to + slot) * 32, 32));
                    for (int group = 0; group < groups; group++)
                    {
                        int sum = 0;
                        foreach (sbyte b in bytes.Slice(group * format.GroupSize, format.GroupSize)) sum += b;
                        ((int*)starts.Data)[to * groups + group * stride + slot] = -format.Zero * sum;
                        ((float*)sums.Data)[to * groups + group * stride + slot] = xScales[from] * sum;
                    }
                }
            }
            bool needsStarts = !which.ReadsSigned(format) && format.Zero != 0;
            var call = new Int8Call
            {
                Panel = which.ReadsSigned(format) ? signedValues.Data : values.Data,
                Scales = (float*)scales.Data,
                Minimums = (float*)minimums.Data,
                X = (sbyte*)tileX.Data,
                XScales = (float*)tileScales.Data,
                Starts = needsStarts ? (int*)starts.Data : null,
                XSums = format.HasMinimum ? (float*)sums.Data : null,
                YTokenBytes = yTokenBytes,
                Blocks = blocks,
                NextX = blocks * stride * Int8Activations.BlockSize,
                NextXScales = blocks * stride * sizeof(float),
                NextPanel = Int8Call.PanelStride,
                NextGroups = blocks * groups * stride * sizeof(float),
            };
            fixed (float* results = y)
            {
                call.Y = results + 3;
                which.Run(call, format, panels, tokens);
            }
            return y;
        }
    }

    private static void FillFloats(NativeBuffer buffer, Random random)
    {
        for (long i = 0; i < buffer.ByteCount / sizeof(float); i++) ((float*)buffer.Data)[i] = (random.NextSingle() - 0.5f) * 0.01f;
    }
}
