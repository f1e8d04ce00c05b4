using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Unpack;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// The int8 product with VNNI's vpdpbusd, assembled at run time because .NET has no such intrinsic for 512 bits. 32 rows × 6 tokens: twelve integer sums and
/// twelve float sums stay in registers, and each activation broadcast serves two multiplications.
/// Rows that lie side by side need not become panels where taking them apart takes an instruction or two: for some tokens, or where there is little to take apart.
/// </summary>
internal sealed unsafe class VnniInt8Kernel : Int8Kernel
{
    private const int Tile = 6;

    /// <summary>Beyond so many tokens four and six bits are better taken apart once than for every tile.</summary>
    private const int MostPackedTokens = 36;

    /// <summary>Fewer tokens over blocks of 256 columns are faster one after another, without making floats of all scales first.</summary>
    private const int LeastHeadedTokens = 5;

    private readonly Int8Entries entries = new(Tile, variant => new VnniInt8Code(variant, Tile, null, asks: false).Assemble());

    private readonly StoredEntries stored = new(Tile, (variant, rows, asks) => new VnniInt8Code(variant, Tile, rows, asks).Assemble());

    public override int TileTokens => Tile;

    public override bool ReadsSigned(Unpacker format) => false;

    public override void Run(Int8Call call, Unpacker format, int panels, int tokens) => entries.RunTiles(ref call, format, format.Zero != 0, Int8Sums.Wide, panels, tokens);

    public override bool ReadsStored(TensorType type, int tokens) => HalfReader.IsAvailable && StoredRows.Of(type)?.Form switch
    {
        null => false,
        StoredForm.Bytes => true,
        StoredForm.Nibbles => tokens <= MostPackedTokens,
        _ => tokens is >= LeastHeadedTokens and <= MostPackedTokens,
    };

    public override void RunStored(TensorType type, Int8Call call, Unpacker format, int panels, int tokens) => stored.Run(type, call, format, format.Zero != 0, Int8Sums.Wide, panels, tokens);

    protected override void RunTile(in Int8Call call, Unpacker format, int panels, int tokens) => Run(call, format, panels, tokens);
}
