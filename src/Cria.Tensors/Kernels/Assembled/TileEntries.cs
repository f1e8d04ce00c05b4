using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>The instructions that tiles are assembled from; all give the same bits.</summary>
internal enum TileForm
{
    /// <summary>AVX2.</summary>
    Avx2,
    /// <summary>AVX-512.</summary>
    Avx512,
    /// <summary>AVX-512 with VNNI, for pairs of 16-bit integers.</summary>
    Vnni,
}

/// <summary>The assembled products of attention, and of float weights: entry points, assembled when first needed.</summary>
internal static unsafe class TileEntries
{
    private const int Kinds = (int)TileKind.QuadValues + 1;

    private static readonly nint[] Entries = new nint[3 * Kinds * AttentionTile.Rows * 4];
    private static readonly Lock Building = new();

    /// <summary>The form of 512-bit registers: VNNI's where the level in force has it.</summary>
    private static readonly TileForm Wide = Cpu.Level == CpuLevel.Vnni ? TileForm.Vnni : TileForm.Avx512;

    /// <summary>True where the processor has AVX2 and FMA, and code may be assembled.</summary>
    public static bool IsAvailable { get; } = Avx2.IsSupported && Fma.IsSupported && ExecutableMemory.IsAvailable;

    /// <summary>True when tiles of a register's width are assembled.</summary>
    public static bool Has<T>() where T : struct, ILanes<T> => typeof(T) == typeof(Lanes256) ? Has(TileForm.Avx2) : typeof(T) == typeof(Lanes512) && Has(TileForm.Avx512);

    /// <summary>True when the processor has a form's instructions and code may be assembled.</summary>
    public static bool Has(TileForm form) => IsAvailable && Cpu.Highest >= form switch { TileForm.Avx2 => CpuLevel.Avx2, TileForm.Avx512 => CpuLevel.Avx512, _ => CpuLevel.Vnni };

    /// <summary>True when tiles of a register's width multiply quads of bytes at once.</summary>
    public static bool MultipliesQuads<T>() where T : struct, ILanes<T> => typeof(T) == typeof(Lanes512) && Wide == TileForm.Vnni && Has(TileForm.Vnni);

    /// <summary>Runs a kernel for the first <paramref name="rows"/> rows of a tile. The kernel counts in its own copy of the arguments.</summary>
    public static void Run<T>(TileKind kind, int rows, TileCall call) where T : struct, ILanes<T> => Run(typeof(T) == typeof(Lanes512) ? Wide : TileForm.Avx2, kind, rows, call);

    /// <summary>The same in a form that the processor has.</summary>
    public static void Run(TileForm form, TileKind kind, int rows, TileCall call)
    {
        bool asks = call.AheadBytes != 0, byFours = call.Steps % 4 == 0;
        int index = ((((int)form * Kinds + (int)kind) * AttentionTile.Rows + rows - 1) * 2 + (asks ? 1 : 0)) * 2 + (byFours ? 1 : 0);
        nint entry = Entries[index];
        if (entry == 0) entry = Build(index, form, kind, rows, asks, byFours);
        ((delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)entry)(&call);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint Build(int index, TileForm form, TileKind kind, int rows, bool asks, bool byFours)
    {
        lock (Building)
        {
            if (Entries[index] == 0)
            {
                TileCode code = form == TileForm.Avx2 ? new TileCode256(kind, rows, asks, byFours) : new TileCode512(kind, rows, asks, byFours, hasVnni: form == TileForm.Vnni);
                Entries[index] = (nint)ExecutableMemory.Place(code.Assemble());
            }
            return Entries[index];
        }
    }
}
