using System.Globalization;
using System.Text.RegularExpressions;
using Cria.Packing.OneFile;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Packing;

/// <summary>Puts a model that comes in parts together, and takes one apart: split GGUF files, and plain pieces named <c>.cat0</c>, <c>.cat1</c>, ….</summary>
public static partial class FileParts
{
    private const int BufferBytes = 4 << 20;

    /// <summary>
    /// Joins all parts of a model into one file; any part names them. Parts must be complete and in order; a joined model must open before it gets its name.
    /// Returns how many parts there were. Throws <see cref="CriaException"/> when parts are missing or do not fit.
    /// </summary>
    public static int Join(string part, string output, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (GgufPartName.TryParse(part, out _)) return JoinGguf(part, output, progress, cancellationToken);
        string[] pieces = Pieces(part);
        if (pieces.Contains(output, StringComparer.Ordinal)) throw new CriaException($"{output} is one of the pieces; choose another name for the result");
        long total = pieces.Sum(piece => new FileInfo(piece).Length), done = 0;
        PendingFile.Write(output, stream =>
        {
            var buffer = new byte[BufferBytes];
            foreach (string piece in pieces)
            {
                using FileStream read = File.OpenRead(piece);
                for (int count; (count = read.Read(buffer)) > 0;)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    stream.Write(buffer, 0, count);
                    progress?.Report(new TensorProgress(Path.GetFileName(piece), done += count, total));
                }
            }
        }, whole => Check(whole, pieces));
        return pieces.Length;
    }

    /// <summary>
    /// Splits a model into GGUF files of at most <paramref name="partBytes"/> bytes of weights each: STEM-00001-of-00003.gguf and so on.
    /// Returns their paths.
    /// </summary>
    public static IReadOnlyList<string> SplitGguf(ITensorSource source, string stem, long partBytes, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default) =>
        GgufSplitter.Split(stem, partBytes, GgufEntries.Of(source), Contents(source, progress, cancellationToken));

    /// <summary>Cuts any file into plain pieces of <paramref name="pieceBytes"/>: FILE.cat0, FILE.cat1, …. Returns their paths.</summary>
    public static IReadOnlyList<string> Cut(string file, string stem, long pieceBytes, IProgress<TensorProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pieceBytes);
        if (!File.Exists(file)) throw new CriaException($"{file}: there is no such file; check the path");
        var written = new List<string>();
        try
        {
            using FileStream read = File.OpenRead(file);
            var buffer = new byte[BufferBytes];
            while (read.Position < read.Length)
            {
                string piece = string.Create(CultureInfo.InvariantCulture, $"{stem}.cat{written.Count}");
                PendingFile.Write(piece, stream =>
                {
                    for (long left = pieceBytes; left > 0;)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        int count = read.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
                        if (count == 0) break;
                        stream.Write(buffer, 0, count);
                        left -= count;
                        progress?.Report(new TensorProgress(Path.GetFileName(piece), read.Position, read.Length));
                    }
                });
                written.Add(piece);
            }
            return written;
        }
        catch
        {
            foreach (string piece in written) File.Delete(piece);
            throw;
        }
    }

    private static int JoinGguf(string part, string output, IProgress<TensorProgress>? progress, CancellationToken cancellationToken)
    {
        using GgufReader source = GgufReader.Open(part);
        GgufWriter.Write(output, source.Entries, Contents(source, progress, cancellationToken));
        return source.PartCount;
    }

    /// <summary>A model's tensors as they are, to be written one after another; with 16 rows side by side those that <paramref name="isInterleaved"/> picks.</summary>
    internal static TensorContent[] Contents(ITensorSource source, IProgress<TensorProgress>? progress, CancellationToken cancellationToken, Predicate<TensorInfo>? isInterleaved = null)
    {
        long total = source.Tensors.Sum(tensor => tensor.ElementCount), done = 0;
        return [.. source.Tensors.Select(info => isInterleaved?.Invoke(info) == true ? TensorContent.Interleaved(source, info) : TensorContent.From(source, info)).Select(content => content with
        {
            Write = stream =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                content.Write(stream);
                source.Release(content.Info);
                progress?.Report(new TensorProgress(content.Info.Name, done += content.Info.ElementCount, total));
            },
        })];
    }

    /// <summary>All pieces of the file that <paramref name="piece"/> is one of, in order from 0 without a gap.</summary>
    private static string[] Pieces(string piece)
    {
        Match match = PieceName().Match(piece);
        if (!match.Success) throw new CriaException($"{piece} is not named like a part of a model (NAME-00001-of-00003.gguf, NAME.cat0); check the path");
        if (!File.Exists(piece)) throw new CriaException($"{piece}: there is no such file; check the path");
        string stem = match.Groups[1].Value;
        string folder = Path.GetDirectoryName(Path.GetFullPath(piece))!;
        SortedDictionary<int, string> found = [];
        foreach (string path in Directory.EnumerateFiles(folder, Path.GetFileName(stem) + ".cat*"))
        {
            string name = Path.Combine(Path.GetDirectoryName(piece) ?? "", Path.GetFileName(path));
            Match other = PieceName().Match(name);
            if (other.Success && other.Groups[1].Value == stem && int.TryParse(other.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number)) found[number] = name;
        }
        for (int number = 0; number < found.Count; number++)
            if (!found.ContainsKey(number)) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{stem}.cat{number} is missing; put all pieces into one folder"));
        return [.. found.Values];
    }

    /// <summary>A model must open, with every tensor inside the file; other files can only be joined.</summary>
    private static void Check(string whole, string[] pieces)
    {
        Span<byte> head = stackalloc byte[4];
        using (FileStream read = File.OpenRead(whole)) read.ReadAtLeast(head, 4, throwOnEndOfStream: false);
        bool isProgram = head[..2].SequenceEqual("MZ"u8) || head[..2].SequenceEqual("#!"u8) || head[1..].SequenceEqual("ELF"u8);
        if (isProgram) Packer.MakeRunnable(whole);
        if (!head.SequenceEqual("GGUF"u8) && !isProgram && !head[..2].SequenceEqual("PK"u8)) return;
        try
        {
            ModelSource.Open(whole).Dispose();
        }
        catch (CriaException failure)
        {
            throw new CriaException($"{pieces[0]} and the {pieces.Length - 1} pieces after it make no whole model; fetch the missing or damaged piece again ({failure.Message.Replace(whole, "the joined file", StringComparison.Ordinal)})", failure);
        }
    }

    [GeneratedRegex(@"^(.*)\.cat([0-9]{1,6})$", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex PieceName();
}
