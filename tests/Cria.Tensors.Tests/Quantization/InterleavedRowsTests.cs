using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Quantization;

public sealed unsafe class InterleavedRowsTests
{
    private const int Blocks = 3;

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>().Where(type => BlockFormat.IsInGguf(type) && InterleavedRows.Supports(BlockFormat.Of(type)))];

    [Fact]
    public void All_formats_can_be_stored_so() => Assert.Equal(15, Types.Count);

    [Theory]
    [MemberData(nameof(Types))]
    public void Rows_come_back_whole_and_one_by_one(TensorType type)
    {
        var format = BlockFormat.Of(type);
        int rowBytes = Blocks * format.BlockBytes, apart = rowBytes + 6;
        using var rows = new NativeBuffer(16 * apart);
        using var group = new NativeBuffer(16 * rowBytes);
        using var back = new NativeBuffer(16 * apart);
        new Random((int)type).NextBytes(new Span<byte>(rows.Data, 16 * apart));
        InterleavedRows.Interleave(format, rows.Data, apart, Blocks, group.Data);
        InterleavedRows.Restore(format, group.Data, Blocks, back.Data, apart);
        var one = new byte[rowBytes];
        for (int row = 0; row < 16; row++)
        {
            var expected = new ReadOnlySpan<byte>(rows.Data + row * apart, rowBytes).ToArray();
            Assert.Equal(expected, new ReadOnlySpan<byte>(back.Data + row * apart, rowBytes).ToArray());
            InterleavedRows.RestoreRow(format, group.Data, row, one);
            Assert.Equal(expected, one);
        }
    }

    [Fact]
    public void Words_of_the_rows_follow_one_another_and_scales_stand_apart()
    {
        // Q4_0: two bytes of scale, sixteen of quants.
        var format = BlockFormat.Of(TensorType.Q4_0);
        using var rows = new NativeBuffer(16 * 18);
        using var group = new NativeBuffer(16 * 18);
        for (int row = 0; row < 16; row++)
        {
            for (int i = 0; i < 18; i++) rows.Data[row * 18 + i] = (byte)(row * 16 + i % 16);
        }
        InterleavedRows.Interleave(format, rows.Data, 18, 1, group.Data);
        for (int row = 0; row < 16; row++)
        {
            Assert.Equal(*(ushort*)(rows.Data + row * 18), ((ushort*)group.Data)[row]);
            for (int word = 0; word < 4; word++) Assert.Equal(*(uint*)(rows.Data + row * 18 + 2 + 4 * word), ((uint*)(group.Data + 32))[word * 16 + row]);
        }
    }
}
