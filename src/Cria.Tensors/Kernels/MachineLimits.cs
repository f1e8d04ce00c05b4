using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Gemm;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels;

/// <summary>
/// What this machine can do at most with a number of threads, measured: speeds told as shares of these can be compared between machines, and on a machine whose
/// speed changes from minute to minute. Each figure is the best of several short runs with all threads at once.
/// </summary>
/// <param name="Threads">Threads that ran together.</param>
/// <param name="ReadBytesPerSecond">Plain reading of memory far larger than the caches.</param>
/// <param name="Int8MultiplyAddsPerSecond">8-bit products summed to 32 bits, operands in registers.</param>
/// <param name="Int8Instruction">The instruction behind it.</param>
/// <param name="FloatMultiplyAddsPerSecond">Fused multiply-adds of 32-bit floats, operands in registers.</param>
/// <param name="BrainMultiplyAddsPerSecond">bfloat16 products summed to 32-bit floats, operands in registers; 0 where there is no instruction for them.</param>
public sealed unsafe record MachineLimits(
    int Threads, double ReadBytesPerSecond, double Int8MultiplyAddsPerSecond, string Int8Instruction, double FloatMultiplyAddsPerSecond, double BrainMultiplyAddsPerSecond)
{
    /// <summary>Far more than any cache, where there is so much memory.</summary>
    private const long MostReadBytes = 1L << 30;

    private const int Repetitions = 7;
    private const long Loops = 4_000_000;

    private static AssembledJob? brainJob;

    /// <summary>True where there is an instruction for bfloat16 products.</summary>
    public static bool HasBrainProducts => Cpu.Level >= CpuLevel.Vnni && AssembledGemmKernel.HasBrainProducts;

    /// <summary>Measures; takes about a second and, for that time, up to 1 GiB of memory.</summary>
    public static MachineLimits Measure(int threads)
    {
        using var meter = new LimitMeter(threads);
        return meter.Measure();
    }

    /// <summary>Memory to read for <see cref="Measure(WorkerPool, NativeBuffer)"/>.</summary>
    internal static NativeBuffer MemoryFor(int threads) =>
        new(Math.Min(MostReadBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8) / threads / 4096 * 4096 * threads);

    /// <summary>Measures with all workers.</summary>
    internal static MachineLimits Measure(WorkerPool workers, NativeBuffer memory)
    {
        int threads = workers.WorkerCount;
        double read = Best(workers, new ReadJob(memory.Data, memory.ByteCount / threads), memory.ByteCount);
        (double floats, double brain) = (Floats(workers), Brains(workers));
        (ParallelJob int8, string instruction, int productsPerLoop) = Int8();
        return new MachineLimits(threads, read, Best(workers, int8, (double)Loops * productsPerLoop * threads), instruction, floats, brain);
    }

    /// <summary>Measures products alone, <see cref="FloatMultiplyAddsPerSecond"/> or <see cref="BrainMultiplyAddsPerSecond"/>: a tenth of a second, to be done again now and then in a run of hours.</summary>
    public static double MeasureProducts(int threads, bool brain)
    {
        using var workers = new WorkerPool(threads);
        return brain ? Brains(workers) : Floats(workers);
    }

    private static double Floats(WorkerPool workers) => Best(workers, new FloatJob(), (double)Loops * 12 * Vector<float>() * workers.WorkerCount);

    private static double Brains(WorkerPool workers) =>
        HasBrainProducts ? Best(workers, brainJob ??= new AssembledJob(Assemble((c, sum) => c.vdpbf16ps(sum, zmm12, zmm13))), (double)Loops * 12 * 32 * workers.WorkerCount) : 0;

    private static double Best(WorkerPool workers, ParallelJob job, double amount)
    {
        double best = 0;
        for (int i = 0; i < Repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            workers.Run(job);
            best = Math.Max(best, amount / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    private static int Vector<T>() => Vector512.IsHardwareAccelerated ? Vector512<T>.Count : Vector256.IsHardwareAccelerated ? Vector256<T>.Count : Vector128<T>.Count;

    private static (ParallelJob Job, string Instruction, int ProductsPerLoop) Int8()
    {
        if (Cpu.Level >= CpuLevel.Vnni) return (new AssembledJob(Assemble((c, sum) => c.vpdpbusd(sum, zmm12, zmm13))), "vpdpbusd zmm", 12 * 64);
        if (Cpu.Level == CpuLevel.Avx512) return (new Int8Job(), "vpmaddubsw zmm", 12 * 64);
        return Avx2.IsSupported ? (new Int8Job(), "vpmaddubsw ymm", 12 * 32) : (new Int8Job(), "128-bit products", 12 * 16);
    }

    /// <summary>A loop of twelve independent sums.</summary>
    private static delegate* unmanaged<long, void> Assemble(Action<Assembler, AssemblerRegisterZMM> product)
    {
        var c = new Assembler(64);
        AssemblerRegister64 loops = Registers.FirstArgument;
        Registers.Enter(c);
        for (int i = 0; i < 14; i++) c.vpxord(Registers.Z[i], Registers.Z[i], Registers.Z[i]);
        Label loop = c.CreateLabel();
        c.Label(ref loop);
        for (int i = 0; i < 12; i++) product(c, Registers.Z[i]);
        c.dec(loops);
        c.jnz(loop);
        Registers.Leave(c);
        return (delegate* unmanaged<long, void>)ExecutableMemory.Place(c);
    }

    private sealed class ReadJob(byte* memory, long bytesPerThread) : ParallelJob
    {
        private long result;

        public override void Run(int worker, int workerCount)
        {
            byte* from = memory + worker * bytesPerThread;
            Vector256<long> a = default, b = default, c = default, d = default;
            for (byte* end = from + bytesPerThread; from < end; from += 128)
            {
                a ^= Vector256.Load((long*)from);
                b ^= Vector256.Load((long*)(from + 32));
                c ^= Vector256.Load((long*)(from + 64));
                d ^= Vector256.Load((long*)(from + 96));
            }
            // Kept, so that the loads are.
            Interlocked.Add(ref result, Vector256.Sum(a ^ b ^ c ^ d));
        }
    }

    private sealed class FloatJob : ParallelJob
    {
        private float result;

        public override void Run(int worker, int workerCount)
        {
            if (Vector512.IsHardwareAccelerated) Wide(Loops);
            else if (Vector256.IsHardwareAccelerated) Middle(Loops);
            else Narrow(Loops);
        }

        private void Wide(long loops)
        {
            Vector512<float> x = Vector512.Create(0.5f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (; loops > 0; loops--)
            {
                a = Vector512.FusedMultiplyAdd(a, x, x);
                b = Vector512.FusedMultiplyAdd(b, x, x);
                c = Vector512.FusedMultiplyAdd(c, x, x);
                d = Vector512.FusedMultiplyAdd(d, x, x);
                e = Vector512.FusedMultiplyAdd(e, x, x);
                f = Vector512.FusedMultiplyAdd(f, x, x);
                g = Vector512.FusedMultiplyAdd(g, x, x);
                h = Vector512.FusedMultiplyAdd(h, x, x);
                i = Vector512.FusedMultiplyAdd(i, x, x);
                j = Vector512.FusedMultiplyAdd(j, x, x);
                k = Vector512.FusedMultiplyAdd(k, x, x);
                l = Vector512.FusedMultiplyAdd(l, x, x);
            }
            result = Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
        }

        private void Middle(long loops)
        {
            Vector256<float> x = Vector256.Create(0.5f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (; loops > 0; loops--)
            {
                a = Vector256.FusedMultiplyAdd(a, x, x);
                b = Vector256.FusedMultiplyAdd(b, x, x);
                c = Vector256.FusedMultiplyAdd(c, x, x);
                d = Vector256.FusedMultiplyAdd(d, x, x);
                e = Vector256.FusedMultiplyAdd(e, x, x);
                f = Vector256.FusedMultiplyAdd(f, x, x);
                g = Vector256.FusedMultiplyAdd(g, x, x);
                h = Vector256.FusedMultiplyAdd(h, x, x);
                i = Vector256.FusedMultiplyAdd(i, x, x);
                j = Vector256.FusedMultiplyAdd(j, x, x);
                k = Vector256.FusedMultiplyAdd(k, x, x);
                l = Vector256.FusedMultiplyAdd(l, x, x);
            }
            result = Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
        }

        private void Narrow(long loops)
        {
            Vector128<float> x = Vector128.Create(0.5f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (; loops > 0; loops--)
            {
                a = Vector128.FusedMultiplyAdd(a, x, x);
                b = Vector128.FusedMultiplyAdd(b, x, x);
                c = Vector128.FusedMultiplyAdd(c, x, x);
                d = Vector128.FusedMultiplyAdd(d, x, x);
                e = Vector128.FusedMultiplyAdd(e, x, x);
                f = Vector128.FusedMultiplyAdd(f, x, x);
                g = Vector128.FusedMultiplyAdd(g, x, x);
                h = Vector128.FusedMultiplyAdd(h, x, x);
                i = Vector128.FusedMultiplyAdd(i, x, x);
                j = Vector128.FusedMultiplyAdd(j, x, x);
                k = Vector128.FusedMultiplyAdd(k, x, x);
                l = Vector128.FusedMultiplyAdd(l, x, x);
            }
            result = Vector128.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
        }
    }

    private sealed class AssembledJob(delegate* unmanaged<long, void> loop) : ParallelJob
    {
        public override void Run(int worker, int workerCount) => loop(Loops);
    }

    private sealed class Int8Job : ParallelJob
    {
        private int result;

        public override void Run(int worker, int workerCount)
        {
            if (Cpu.Level == CpuLevel.Avx512 && Avx512BW.IsSupported) Wide(Loops);
            else if (Avx2.IsSupported) Middle(Loops);
            else Narrow(Loops);
        }

        // Twelve times a product of bytes, a widening to 32 bits and a sum; the operand changes so that no product is computed once and kept.
        private void Wide(long loops)
        {
            Vector512<byte> x0 = Vector512.Create((byte)3), x1 = Vector512.Create((byte)5), x2 = Vector512.Create((byte)7), x3 = Vector512.Create((byte)9);
            Vector512<sbyte> step = Vector512<sbyte>.One, y = step;
            Vector512<short> ones = Vector512<short>.One;
            Vector512<int> a = default, b = default, c = default, d = default;
            for (; loops > 0; loops--)
            {
                for (int i = 0; i < 3; i++)
                {
                    y += step;
                    a += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(x0, y), ones);
                    b += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(x1, y), ones);
                    c += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(x2, y), ones);
                    d += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(x3, y), ones);
                }
            }
            result = Vector512.Sum(a + b + c + d);
        }

        private void Middle(long loops)
        {
            Vector256<byte> x0 = Vector256.Create((byte)3), x1 = Vector256.Create((byte)5), x2 = Vector256.Create((byte)7), x3 = Vector256.Create((byte)9);
            Vector256<sbyte> step = Vector256<sbyte>.One, y = step;
            Vector256<short> ones = Vector256<short>.One;
            Vector256<int> a = default, b = default, c = default, d = default;
            for (; loops > 0; loops--)
            {
                for (int i = 0; i < 3; i++)
                {
                    y += step;
                    a += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x0, y), ones);
                    b += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x1, y), ones);
                    c += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x2, y), ones);
                    d += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x3, y), ones);
                }
            }
            result = Vector256.Sum(a + b + c + d);
        }

        private void Narrow(long loops)
        {
            Vector128<short> x = Vector128.Create((short)3);
            Vector128<sbyte> step = Vector128<sbyte>.One, y = step;
            Vector128<int> a = default, b = default, c = default, d = default;
            for (; loops > 0; loops--)
            {
                for (int i = 0; i < 3; i++)
                {
                    a += Product(y += step, x);
                    b += Product(y += step, x);
                    c += Product(y += step, x);
                    d += Product(y += step, x);
                }
            }
            result = Vector128.Sum(a + b + c + d);
        }

        private static Vector128<int> Product(Vector128<sbyte> bytes, Vector128<short> x)
        {
            (Vector128<short> low, Vector128<short> high) = Vector128.Widen(bytes);
            (Vector128<int> first, Vector128<int> second) = Vector128.Widen((low * x) + (high * x));
            return first + second;
        }
    }
}
