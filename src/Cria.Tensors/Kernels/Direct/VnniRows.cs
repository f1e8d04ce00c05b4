using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>What direct products by VNNI are assembled from: rows that lie side by side, so that a register holds four bytes of all sixteen.</summary>
internal sealed class VnniRows : DirectFrame
{
    /// <inheritdoc cref="DirectFrame(int, DirectRows, int, int)"/>
    public VnniRows(int blockBytes, DirectRows rows, int tile, int startsOf = 32) : base(blockBytes, rows, tile, startsOf) => Heads = new VnniHeads(Code);

    /// <summary>Constants, and what stands before the columns of a block.</summary>
    public VnniHeads Heads { get; }

    /// <summary>Results.</summary>
    public static AssemblerRegisterZMM Y => zmm31;

    /// <summary>Processors with VNNI follow one stream by themselves: wishes only take their miss buffers away (measured on Zen 4, where AVX2's kernels gain by it on Zen 3).</summary>
    protected override bool AsksForStream => false;

    protected override void MoveResults(AssemblerRegister64 at, bool load)
    {
        if (load) Code.vmovups(Y, __[at]);
        else Code.vmovups(__[at], Y);
    }

    protected override void End() => Heads.End();

    /// <summary>Four bytes of each row's block.</summary>
    public static AssemblerMemoryOperand Word(int at) => __[Fours[0] + (16 * at)];

    /// <summary>Four columns of the activations, in every lane: those from <paramref name="column"/> on.</summary>
    public AssemblerMemoryOperand Four(int column) => __dword_bcst[FourColumns(column)];

    /// <summary>The F16 number at <paramref name="at"/> of each row's block as F32.</summary>
    public void Halves(int at, AssemblerRegisterZMM to) => Code.vcvtph2ps(to, __ymmword_ptr[Fours[0] + (16 * at)]);

    /// <summary>What the activations give sum <paramref name="group"/> of a block to start from.</summary>
    public void Start(AssemblerRegisterZMM sum, int group) => Code.vpbroadcastd(sum, __dword_ptr[Starts + (group * ScaleStep)]);

    /// <summary>y = fma((float)sum, scale · xScale, y) with the scale of 32-column block <paramref name="block"/>; the sum and the scale are used up.</summary>
    public void AddScaled(AssemblerRegisterZMM sum, AssemblerRegisterZMM scale, int block)
    {
        Code.vcvtdq2ps(sum, sum);
        Code.vmulps(scale, scale, __dword_bcst[XScales + (block * ScaleStep)]);
        Code.vfmadd231ps(Y, sum, scale);
    }
}
