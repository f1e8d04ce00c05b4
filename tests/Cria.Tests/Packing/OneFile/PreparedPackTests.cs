using Cria.Packing;
using Cria.Packing.OneFile;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;

namespace Cria.Tests.Packing.OneFile;

public sealed class PreparedPackTests : IDisposable
{
    private const string Member = ".cria/prepared-avx2.gguf";
    private readonly string folder = Directory.CreateTempSubdirectory("cria-pack-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_level_it_was_made_for_gets_the_prepared_weights_and_all_others_the_plain_ones()
    {
        string packed = Pack();
        PackedFile file = PackedFile.TryOpen(packed)!;
        Assert.Equal([".cria.json", ".args", "nano-q4_k_m.gguf", Member], file.Members.Select(member => member.Name));
        Assert.Equal(["avx2"], file.PreparedFor);
        Assert.Equal("nano-q4_k_m.gguf", file.ModelName);
        foreach (CpuLevel? level in (CpuLevel?[])[null, .. Enum.GetValues<CpuLevel>().Cast<CpuLevel?>()])
        {
            using var source = (GgufReader)ModelSource.Open(packed, level);
            Assert.Equal(level == CpuLevel.Avx2 ? "avx2" : null, source.PreparedFor);
            Assert.Equal(0, source.Whole!.Value.Start % 65536);
            AssertSameTensors(source);
        }
    }

    [Fact]
    public void Without_the_plain_weights_every_level_uses_the_prepared_ones_and_unpacking_gives_the_plain_ones_back()
    {
        string packed = Pack(onlyPrepared: true), parts = Path.Combine(folder, "parts");
        PackedFile file = PackedFile.TryOpen(packed)!;
        Assert.Equal([".cria.json", ".args", Member], file.Members.Select(member => member.Name));
        Assert.Equal("nano-q4_k_m.gguf", file.ModelName);
        using (var source = (GgufReader)ModelSource.Open(packed, CpuLevel.Vnni))
        {
            Assert.Equal("avx2", source.PreparedFor);
            AssertSameTensors(source);
        }
        string[] names = [.. Unpacker.Unpack(packed, parts, cancellationToken: TestContext.Current.CancellationToken).Select(path => Path.GetRelativePath(parts, path).Replace('\\', '/'))];
        Assert.Equal(["programs/linux-x64/cria", ".cria.json", ".args", "nano-q4_k_m.gguf"], names);
        Assert.Equal(File.ReadAllBytes(NanoGoldens.GgufPath("Q4_K_M")), File.ReadAllBytes(Path.Combine(parts, "nano-q4_k_m.gguf")));
        Assert.Equal(2, File.ReadAllLines(Path.Combine(parts, ".args")).Count(line => line is "-m" or "nano-q4_k_m.gguf"));
    }

    [Fact]
    public void With_the_plain_weights_unpacking_gives_both_as_they_lie()
    {
        string parts = Path.Combine(folder, "parts");
        Unpacker.Unpack(Pack(), parts, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(NanoGoldens.GgufPath("Q4_K_M")), File.ReadAllBytes(Path.Combine(parts, "nano-q4_k_m.gguf")));
        using GgufReader prepared = GgufReader.Open(Path.Combine(parts, ".cria", "prepared-avx2.gguf"));
        Assert.Equal("avx2", prepared.PreparedFor);
        AssertSameTensors(prepared);
    }

    [Fact]
    public void A_file_packed_from_prepared_weights_alone_holds_plain_ones()
    {
        string again = Path.Combine(folder, "again");
        using (ITensorSource source = ModelSource.Open(Pack(onlyPrepared: true)))
            Packer.Pack(source, again, new PackOptions { Programs = [PackedProgram.Open(FakePrograms.For(folder, "linux-x64"))] }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("nano-q4_k_m.gguf", PackedFile.TryOpen(again)!.Model);
        using var back = (GgufReader)ModelSource.Open(again, CpuLevel.Avx2);
        Assert.Null(back.PreparedFor);
        AssertSameTensors(back);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_cut_in_its_prepared_weights_says_so(bool onlyPrepared)
    {
        byte[] whole = File.ReadAllBytes(Pack(onlyPrepared));
        string cut = Path.Combine(folder, "cut");
        foreach (int length in (int[])[whole.Length - 1, whole.Length - 400_000])
        {
            File.WriteAllBytes(cut, whole[..length]);
            Assert.Contains("is cut short", Assert.Throws<CriaException>(() => ModelSource.Open(cut, CpuLevel.Avx2)).Message, StringComparison.Ordinal);
        }
        if (!onlyPrepared) return;
        // A byte of the weights that was changed: seen where the checksum is, when they are taken out.
        whole[^400_000] ^= 1;
        File.WriteAllBytes(cut, whole);
        Assert.Contains("its checksum differs", Assert.Throws<CriaException>(() => Unpacker.Unpack(cut, Path.Combine(folder, "cut-parts"), cancellationToken: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "cut-parts"), "*.gguf*"));
    }

    [Fact]
    public void What_cannot_be_packed_so_is_refused_with_one_line()
    {
        Refused("nothing to prepare", new PackOptions { Programs = [Program], Prepared = CpuLevel.Portable });
        Refused("leave --beside or --prepared out", new PackOptions { Programs = [Program], Prepared = CpuLevel.Avx2, WeightsBeside = true });
        Refused("say with --prepared", new PackOptions { Programs = [Program], OnlyPrepared = true });

        void Refused(string message, PackOptions options)
        {
            using ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("Q4_K_M"));
            Assert.Contains(message, Assert.Throws<CriaException>(() => Packer.Pack(source, Path.Combine(folder, "refused"), options, cancellationToken: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(folder, "refused")));
        }
    }

    private PackedProgram Program => PackedProgram.Open(FakePrograms.For(folder, "linux-x64"));

    private static void AssertSameTensors(GgufReader source)
    {
        using GgufReader expected = GgufReader.Open(NanoGoldens.GgufPath("Q4_K_M"));
        Assert.Equal(expected.Entries.Select(entry => entry.Key), source.Entries.Select(entry => entry.Key));
        foreach (TensorInfo tensor in expected.Tensors) Assert.True(expected.View(tensor).RowRange(0, tensor.Rows).SequenceEqual(source.View(tensor).RowRange(0, tensor.Rows)), tensor.Name);
    }

    private string Pack(bool onlyPrepared = false)
    {
        string packed = Path.Combine(folder, "packed");
        using ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("Q4_K_M"));
        Packer.Pack(source, packed, new PackOptions { Programs = [Program], Prepared = CpuLevel.Avx2, OnlyPrepared = onlyPrepared });
        return packed;
    }
}
