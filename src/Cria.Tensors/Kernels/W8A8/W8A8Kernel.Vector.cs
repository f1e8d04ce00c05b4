using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.MatMul;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>
/// By intrinsics: numbers of 16 bits are multiplied and two neighbours' products added in one instruction, exactly. Vectors run along the rows, four rows × two tokens at a
/// time, and are summed up at the end of a stretch. For many tokens 16 rows are widened to 16 bits once in the first-level cache; for one or two, rows are read where they lie; for one, each from
/// its beginning to its end, so that memory is read in one stream.
/// </summary>
/// <param name="asks">True where a row that is read once is asked for; false where the hardware sees to it.</param>
internal sealed unsafe class VectorW8A8Kernel<T>(bool asks = true) : W8A8Kernel where T : struct, IW8A8Lanes<T>
{
    /// <summary>How far before its use a row that is read once is asked for.</summary>
    private const int NearBytes = 1536;

    private const int Rows = 4, Stretch = W8A8Activations.StretchColumns;

    public override void Run(CpuWeight weight, int firstPanel, int panels, in W8A8Activations x, int* sums, byte* scratch)
    {
        new Span<int>(sums, MatMulKernel.TileFloats(x.Tokens, panels)).Clear();
        for (int panel = 0; panel < panels; panel++)
        {
            byte* rows = weight.Panel(firstPanel + panel).Data;
            if (x.Tokens == 1) OneToken(rows, weight.RowBytes, x, sums + panel * 16);
            else if (x.Tokens == 2) TwoTokens(rows, weight.RowBytes, x, sums + panel * 16);
            else Many(rows, weight.RowBytes, x, sums + panel * 16, (short*)scratch);
        }
    }

    private void OneToken(byte* rows, long rowBytes, in W8A8Activations x, int* sums)
    {
        for (int row = 0; row < 16; row += Rows)
        {
            var first = (sbyte*)rows + row * rowBytes;
            // With one token the stretches follow one another.
            short* numbers = x.At(0, 0);
            T a = Row(first, numbers, x.Columns), b = Row(first + rowBytes, numbers, x.Columns), c = Row(first + 2 * rowBytes, numbers, x.Columns), d = Row(first + 3 * rowBytes, numbers, x.Columns);
            Add(sums + row, T.Total(a, b, c, d));
        }
    }

    private T Row(sbyte* weights, short* numbers, int columns)
    {
        T a = default, b = default;
        int column = 0;
        for (; column + 4 * T.Count <= columns; column += 4 * T.Count)
        {
            for (int line = 0; line < 4 * T.Count; line += 64)
            {
                if (asks && Sse.IsSupported) Sse.PrefetchNonTemporal(weights + column + line + NearBytes);
            }
            a = T.Dot(a, T.Widen(weights + column), T.Load(numbers + column));
            b = T.Dot(b, T.Widen(weights + column + T.Count), T.Load(numbers + column + T.Count));
            a = T.Dot(a, T.Widen(weights + column + 2 * T.Count), T.Load(numbers + column + 2 * T.Count));
            b = T.Dot(b, T.Widen(weights + column + 3 * T.Count), T.Load(numbers + column + 3 * T.Count));
        }
        for (; column < columns; column += T.Count) a = T.Dot(a, T.Widen(weights + column), T.Load(numbers + column));
        return T.Both(a, b);
    }

    private static void TwoTokens(byte* rows, long rowBytes, in W8A8Activations x, int* sums)
    {
        for (int row = 0; row < 16; row += Rows)
        {
            for (int column = 0; column < x.Columns; column += Stretch)
            {
                var weights = (sbyte*)rows + row * rowBytes + column;
                int columns = Math.Min(Stretch, x.Columns - column);
                for (int token = 0; token < x.Tokens; token++) InPlace(weights, (nint)rowBytes, x.At(token, column), columns, sums + token * MatMulKernel.TileRows + row);
            }
        }
    }

    private static void Many(byte* rows, long rowBytes, in W8A8Activations x, int* sums, short* scratch)
    {
        for (int column = 0; column < x.Columns; column += Stretch)
        {
            int columns = Math.Min(Stretch, x.Columns - column);
            for (int row = 0; row < 16; row += Rows) Widen((sbyte*)rows + row * rowBytes + column, (nint)rowBytes, columns, scratch + row * Stretch);
            int token = 0;
            for (; token + 2 <= x.Tokens; token += 2)
            {
                short* x0 = x.At(token, column);
                int* target = sums + token * MatMulKernel.TileRows;
                for (int row = 0; row < 16; row += Rows) Two(scratch + row * Stretch, x0, x0 + Stretch, columns, target + row, target + row + MatMulKernel.TileRows);
            }
            if (token == x.Tokens) continue;
            for (int row = 0; row < 16; row += Rows) One(scratch + row * Stretch, x.At(token, column), columns, sums + token * MatMulKernel.TileRows + row);
        }
    }

    /// <summary>Four rows as numbers of 16 bits, a vector of each in turn.</summary>
    private static void Widen(sbyte* rows, nint rowBytes, int columns, short* target)
    {
        for (int column = 0; column < columns; column += T.Count, rows += T.Count, target += Rows * T.Count)
        {
            for (int row = 0; row < Rows; row++) T.Widen(rows + row * rowBytes).Store(target + row * T.Count);
        }
    }

    private static void Two(short* w, short* x0, short* x1, int columns, int* sums0, int* sums1)
    {
        T a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        for (short* end = x0 + columns; x0 < end; x0 += T.Count, x1 += T.Count, w += Rows * T.Count)
        {
            T first = T.Load(x0), second = T.Load(x1);
            T weights = T.Load(w);
            a0 = T.Dot(a0, weights, first);
            b0 = T.Dot(b0, weights, second);
            weights = T.Load(w + T.Count);
            a1 = T.Dot(a1, weights, first);
            b1 = T.Dot(b1, weights, second);
            weights = T.Load(w + 2 * T.Count);
            a2 = T.Dot(a2, weights, first);
            b2 = T.Dot(b2, weights, second);
            weights = T.Load(w + 3 * T.Count);
            a3 = T.Dot(a3, weights, first);
            b3 = T.Dot(b3, weights, second);
        }
        Add(sums0, T.Total(a0, a1, a2, a3));
        Add(sums1, T.Total(b0, b1, b2, b3));
    }

    private static void One(short* w, short* x, int columns, int* sums)
    {
        T a0 = default, a1 = default, a2 = default, a3 = default;
        for (short* end = x + columns; x < end; x += T.Count, w += Rows * T.Count)
        {
            T numbers = T.Load(x);
            a0 = T.Dot(a0, T.Load(w), numbers);
            a1 = T.Dot(a1, T.Load(w + T.Count), numbers);
            a2 = T.Dot(a2, T.Load(w + 2 * T.Count), numbers);
            a3 = T.Dot(a3, T.Load(w + 3 * T.Count), numbers);
        }
        Add(sums, T.Total(a0, a1, a2, a3));
    }

    private static void InPlace(sbyte* w, nint rowBytes, short* x, int columns, int* sums)
    {
        sbyte* w1 = w + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        T a0 = default, a1 = default, a2 = default, a3 = default;
        for (int column = 0; column < columns; column += T.Count)
        {
            T numbers = T.Load(x + column);
            a0 = T.Dot(a0, T.Widen(w + column), numbers);
            a1 = T.Dot(a1, T.Widen(w1 + column), numbers);
            a2 = T.Dot(a2, T.Widen(w2 + column), numbers);
            a3 = T.Dot(a3, T.Widen(w3 + column), numbers);
        }
        Add(sums, T.Total(a0, a1, a2, a3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(int* sums, Vector128<int> more) => (Vector128.Load(sums) + more).Store(sums);
}
