using System.IO.Compression;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Formats.Zip;

/// <summary>The content of a zip member, whether stored or deflated.</summary>
internal static class ZipContent
{
    private const int Stored = 0, Deflated = 8;
    private const int PieceBytes = 4 << 20;

    /// <summary>
    /// Writes the member's content to <paramref name="output"/>. Throws <see cref="CriaException"/> when it is encrypted, compressed in another way,
    /// or not what its checksum says.
    /// </summary>
    public static void Write(MappedFile file, ZipMember member, Stream output, Action<long>? report = null, CancellationToken cancellationToken = default)
    {
        var summed = new SummedStream(output);
        if (member.IsStored)
        {
            for (long at = 0; at < member.Length; at += PieceBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                summed.Write(file.Span(member.Start + at, (int)Math.Min(PieceBytes, member.Length - at)));
                report?.Invoke(Math.Min(at + PieceBytes, member.Length));
            }
        }
        else if (member.Method == Deflated)
        {
            Inflate(file, member, summed, report, cancellationToken);
        }
        else
        {
            throw new CriaException($"{file.Path}: {ForeignText.Shown(member.Name)} is {(member.Method == Stored ? "encrypted" : "compressed in a way that Cria does not read")}; unpack it with another tool");
        }
        if (summed.Count != member.Length || summed.Checksum != member.Checksum) throw Damaged(file, member, null);
    }

    /// <summary>The content of a small member. Throws <see cref="CriaException"/> as <see cref="Write"/> does, and when it is larger than <paramref name="largest"/>.</summary>
    public static byte[] Bytes(MappedFile file, ZipMember member, int largest)
    {
        if (member.Length > largest) throw new CriaException($"{file.Path}: {ForeignText.Shown(member.Name)} is larger than such a member may be; fetch the file again");
        using var content = new MemoryStream((int)member.Length);
        Write(file, member, content);
        return content.ToArray();
    }

    private static unsafe void Inflate(MappedFile file, ZipMember member, SummedStream output, Action<long>? report, CancellationToken cancellationToken)
    {
        // The directory's reader has seen to it that these bytes lie in the file.
        using var packed = new UnmanagedMemoryStream(file.Data + member.Start, member.PackedLength);
        using var content = new DeflateStream(packed, CompressionMode.Decompress);
        var piece = new byte[1 << 16];
        try
        {
            // No more than was announced: a small member must not fill the disk.
            for (int count; output.Count <= member.Length && (count = content.Read(piece)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                output.Write(piece.AsSpan(0, count));
                report?.Invoke(output.Count);
            }
        }
        catch (InvalidDataException failure)
        {
            throw Damaged(file, member, failure);
        }
    }

    private static CriaException Damaged(MappedFile file, ZipMember member, Exception? failure) => new($"{file.Path}: {ForeignText.Shown(member.Name)} is damaged (its checksum differs); fetch the file again", failure);
}
