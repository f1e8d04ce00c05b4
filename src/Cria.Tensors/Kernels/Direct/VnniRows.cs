using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>What direct products by VNNI are assembled from: rows that lie side by side, so that a register holds four bytes of all sixteen.</summary>
internal sealed class VnniRows(int blockBytes, DirectRows rows, int tile, int startsOf = 32) : DirectFrame(blockBytes, rows, tile, startsOf)
{
    private readonly List<(Label Label, byte[] Bytes)> data = [];

    /// <summary>Results.</summary>
    public static AssemblerRegisterZMM Y => zmm31;

    /// <summary>Processors with VNNI follow one stream by themselves: wishes only take their miss buffers away (measured on Zen 4, where AVX2's kernels gain by it on Zen 3).</summary>
    protected override bool AsksForStream => false;

    protected override void MoveResults(AssemblerRegister64 at, bool load)
    {
        if (load) Code.vmovups(Y, __[at]);
        else Code.vmovups(__[at], Y);
    }

    protected override void End()
    {
        foreach ((Label label, byte[] bytes) in data)
        {
            Label here = label;
            Code.Label(ref here);
            Code.db(bytes);
        }
    }

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

    /// <summary>The same byte everywhere; for constants.</summary>
    public void Bytes(AssemblerRegisterZMM to, byte value)
    {
        Code.mov(edi, value * 0x01010101u);
        Code.vpbroadcastd(to, edi);
    }

    /// <summary>Indices for vpshufb that move byte <paramref name="from"/> of each lane to byte <paramref name="to"/>, all others 0; for constants.</summary>
    public void OneByte(AssemblerRegisterZMM indices, int from, int to)
    {
        Label label = Code.CreateLabel();
        data.Add((label, [.. Enumerable.Range(0, 16).Select(i => (byte)(i % 4 == to ? i / 4 * 4 + from : 128))]));
        Code.vbroadcasti32x4(indices, __xmmword_ptr[label]);
    }
}
