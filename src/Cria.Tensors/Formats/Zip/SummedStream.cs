namespace Cria.Tensors.Formats.Zip;

/// <summary>Sums up what is written, too.</summary>
internal sealed class SummedStream(Stream below) : CountedStream(below)
{
    /// <summary>Checksum of the bytes written through this.</summary>
    public uint Checksum { get; private set; }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        base.Write(buffer);
        Checksum = Crc32.Append(Checksum, buffer);
    }
}
